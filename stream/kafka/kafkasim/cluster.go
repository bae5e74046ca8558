package kafkasim

import (
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A Cluster has brokers and their data.
type Cluster struct {
	// UnstableOffsets answers requests for stable offsets of groups with unstable ones:
	// those before the open transactions.
	UnstableOffsets bool

	nodes        []broker // 1, 2, …
	topics       []*topic // in the order of creation
	byName       map[string]*topic
	made         int // topics ever created
	slots        [2][coordinatorPartitions]*slot
	coordinators []*slot        // in the order of first use
	transactions []*transaction // of all transactional ids, in the order of first use
	producers    int64          // ids assigned
	joined       int            // member ids assigned
	changes      uint64
	chores       []Chore
	builder      batch.Builder // of markers
	reader       batch.Reader
}

// A broker is alive or dead.
type broker struct {
	alive    bool
	fenced   bool // the other brokers know that it is dead
	life     int  // number of starts
	sessions []*session
	opened   int32 // sessions ever opened
}

// New returns a cluster of brokers 1, 2, …, all alive, without topics.
func New(brokers int32) *Cluster {
	c := &Cluster{nodes: make([]broker, brokers), byName: make(map[string]*topic)}
	for i := range c.nodes {
		c.nodes[i].alive = true
	}
	return c
}

// Brokers returns the ids of the living brokers.
func (c *Cluster) Brokers() []int32 {
	var alive []int32
	for i := range c.nodes {
		if c.nodes[i].alive {
			alive = append(alive, int32(i)+1)
		}
	}
	return alive
}

// Changes counts changes. While it stays the same, no held reply has a new answer before
// its time.
func (c *Cluster) Changes() uint64 { return c.changes }

func (c *Cluster) changed() { c.changes++ }

// Alive reports whether a broker exists and lives.
func (c *Cluster) Alive(node int32) bool {
	return node >= 1 && int(node) <= len(c.nodes) && c.nodes[node-1].alive
}

// Kill ends a broker: it answers nothing any more, and its held requests and sessions are
// lost. Chores elect its successors.
func (c *Cluster) Kill(node int32) {
	if !c.Alive(node) {
		return
	}
	b := &c.nodes[node-1]
	b.alive, b.sessions = false, nil
	c.Notice(node)
	c.changed()
}

// Restart restarts a broker, killed or not.
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
				p.log.Restart()
			}
		}
	}
	c.changed()
}

// Leader returns the leader of a partition, -1 if there is none.
func (c *Cluster) Leader(tp stream.TopicPartition) int32 {
	if s := c.slotOf(tp); s != nil {
		return s.leader
	}
	if p := c.partition(tp); p != nil {
		return p.leader
	}
	return noLeader
}

// MoveLeader makes a living broker the leader of a partition. The partitions of Kafka's
// internal topics (TransactionState, ConsumerOffsets) move coordinators.
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

// firstAlive returns the first living broker, from one on.
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
