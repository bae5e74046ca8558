package kafkasim

import (
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A Cluster is brokers and what they hold.
type Cluster struct {
	// UnstableOffsets answers for groups' offsets as if nobody had asked for stable
	// ones: with those before the transactions that are under way.
	UnstableOffsets bool

	nodes        []broker // 1, 2, …
	topics       []*topic // in the order in which they were made
	byName       map[string]*topic
	made         int // how many there ever were
	slots        [2][coordinatorPartitions]*slot
	coordinators []*slot        // those that are used, in that order
	transactions []*transaction // of all transactional ids, in the order of their first use
	producers    int64          // ids given
	joined       int            // member ids given
	changes      uint64
	chores       []Chore
	builder      batch.Builder // of markers
	reader       batch.Reader
}

// A broker is one, or what it was.
type broker struct {
	alive    bool
	fenced   bool // the others know that it is dead
	life     int  // how often it has begun
	sessions []*session
	opened   int32 // sessions, ever
}

// New makes a cluster of brokers 1, 2, …, all alive, without topics.
func New(brokers int32) *Cluster {
	c := &Cluster{nodes: make([]broker, brokers), byName: make(map[string]*topic)}
	for i := range c.nodes {
		c.nodes[i].alive = true
	}
	return c
}

// Brokers are the ids of those that live.
func (c *Cluster) Brokers() []int32 {
	var alive []int32
	for i := range c.nodes {
		if c.nodes[i].alive {
			alive = append(alive, int32(i)+1)
		}
	}
	return alive
}

// Changes counts what has changed: as long as it stays the same, no reply that is
// held has anything new to say before its time.
func (c *Cluster) Changes() uint64 { return c.changes }

func (c *Cluster) changed() { c.changes++ }

// Alive tells whether there is such a broker, and it lives.
func (c *Cluster) Alive(node int32) bool {
	return node >= 1 && int(node) <= len(c.nodes) && c.nodes[node-1].alive
}

// Kill ends a broker: it answers nothing any more, what it held is lost, and what
// it was asked isn't answered. Others take over by chores.
func (c *Cluster) Kill(node int32) {
	if !c.Alive(node) {
		return
	}
	b := &c.nodes[node-1]
	b.alive, b.sessions = false, nil
	c.Notice(node)
	c.changed()
}

// Restart begins it anew, killed or not.
func (c *Cluster) Restart(node int32) {
	c.Kill(node)
	b := &c.nodes[node-1]
	b.alive, b.fenced = true, false
	b.life++
	for _, s := range c.coordinators {
		if s.leader == node {
			s.elected(node)
		}
	}
	for _, t := range c.topics {
		for _, p := range t.partitions {
			if p.leader == node {
				p.epoch++ // it has led nothing in between
				p.log.restart()
			}
		}
	}
	c.changed()
}

// Leader is the broker that leads a partition, -1 if there is none.
func (c *Cluster) Leader(tp stream.TopicPartition) int32 {
	if s := c.slotOf(tp); s != nil {
		return s.leader
	}
	if p := c.partition(tp); p != nil {
		return p.leader
	}
	return noLeader
}

// MoveLeader makes a broker that lives a partition's leader. Kafka's own topics
// (TransactionState, ConsumerOffsets) move coordinators.
func (c *Cluster) MoveLeader(tp stream.TopicPartition, node int32) {
	if !c.Alive(node) {
		return
	}
	if s := c.slotOf(tp); s != nil {
		s.elected(node)
	} else if p := c.partition(tp); p != nil {
		p.elected(node)
	}
	c.changed()
}

// firstAlive is the first broker that lives, from one on.
func (c *Cluster) firstAlive(from int32) int32 {
	n := int32(len(c.nodes))
	for i := range n {
		if node := (from+i)%n + 1; c.nodes[node-1].alive {
			return node
		}
	}
	return noLeader
}

const noLeader = -1
