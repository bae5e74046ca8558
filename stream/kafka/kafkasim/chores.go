package kafkasim

import (
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A Chore is something that the cluster does in its own time. Chores are comparable.
type Chore struct {
	Kind        ChoreKind
	Transaction string                // the transactional id
	Partition   stream.TopicPartition // one of Kafka's own stands for a coordinator
	Node        int32
	Group       string
	Member      string // its id
}

// A ChoreKind is the kind of a chore.
type ChoreKind int8

const (
	// Marker writes the marker of a transaction's end to one partition, of records or of
	// groups' offsets.
	Marker ChoreKind = iota
	// Complete notes at the coordinator that all markers are written.
	Complete
	// TimeOut aborts a transaction that has been open for too long.
	TimeOut
	// Fence notes that a broker is dead.
	Fence
	// Elect finds a leader for a partition without a leader, or with a dead one.
	Elect
	// Load makes a new coordinator read its predecessor's log.
	Load
	// Expire removes a silent member of a group.
	Expire
	// Proceed goes on without members that haven't joined in time, or that haven't
	// requested their assignment in time after all have joined.
	Proceed
)

func (c Chore) String() string {
	switch c.Kind {
	case Marker:
		return fmt.Sprintf("marker of %s to %s", c.Transaction, c.Partition)
	case Complete:
		return fmt.Sprintf("all markers of %s are written", c.Transaction)
	case TimeOut:
		return fmt.Sprintf("%s times out", c.Transaction)
	case Fence:
		return fmt.Sprintf("broker %d is declared dead", c.Node)
	case Elect:
		return fmt.Sprintf("%s gets a leader", c.Partition)
	case Expire:
		return fmt.Sprintf("member %s of group %s expires", c.Member, c.Group)
	case Proceed:
		return fmt.Sprintf("group %s goes on with the members that have joined", c.Group)
	default:
		return fmt.Sprintf("%s is loaded", c.Partition)
	}
}

// Chores returns all pending chores, always in the same order. The slice is valid until the
// next call.
func (c *Cluster) Chores(now time.Time) []Chore {
	c.chores = c.chores[:0]
	for _, t := range c.transactions {
		if t.slot.loading || !c.Alive(t.slot.leader) {
			continue
		}
		c.transactionChores(now, t)
	}
	for i := range c.nodes {
		if b := &c.nodes[i]; !b.alive && !b.fenced {
			c.chores = append(c.chores, Chore{Kind: Fence, Node: int32(i) + 1})
		}
	}
	for _, s := range c.coordinators {
		if c.orphaned(s.leader) && c.firstAlive(0) != noLeader {
			c.chores = append(c.chores, Chore{Kind: Elect, Partition: s.TopicPartition})
		} else if s.loading && c.Alive(s.leader) {
			c.chores = append(c.chores, Chore{Kind: Load, Partition: s.TopicPartition})
		} else if c.Alive(s.leader) {
			c.memberChores(now, s)
		}
	}
	for _, t := range c.topics {
		for _, p := range t.partitions {
			if c.orphaned(p.leader) && (p.leader != noLeader || c.heir(p.replicas) != noLeader) {
				c.chores = append(c.chores, Chore{Kind: Elect, Partition: p.TopicPartition})
			}
		}
	}
	return c.chores
}

func (c *Cluster) transactionChores(now time.Time, t *transaction) {
	switch {
	case t.state == ongoing && now.After(t.started.Add(t.timeout)):
		c.chores = append(c.chores, Chore{Kind: TimeOut, Transaction: t.id})
	case t.state.ending() && len(t.unmarked) == 0:
		c.chores = append(c.chores, Chore{Kind: Complete, Transaction: t.id})
	case t.state.ending():
		for _, tp := range t.unmarked {
			if c.markable(tp) {
				c.chores = append(c.chores, Chore{Kind: Marker, Transaction: t.id, Partition: tp})
			}
		}
	}
}

// markable reports whether a marker can be written to a partition, or is no longer needed.
func (c *Cluster) markable(tp stream.TopicPartition) bool {
	if s := c.slotOf(tp); s != nil {
		return c.Alive(s.leader) && !s.loading
	}
	p := c.partition(tp)
	return p == nil || c.Alive(p.leader)
}

// orphaned reports whether a partition has no living leader.
func (c *Cluster) orphaned(leader int32) bool { return leader == noLeader || c.nodes[leader-1].fenced }

// Do does a chore. A chore that isn't pending any more changes nothing.
func (c *Cluster) Do(now time.Time, chore Chore) {
	if !slices.Contains(c.Chores(now), chore) {
		return
	}
	t := c.find(chore.Transaction)
	switch chore.Kind {
	case Marker:
		c.mark(now, t, chore.Partition)
	case Complete:
		t.complete()
	case TimeOut:
		t.fence()
	case Fence:
		c.nodes[chore.Node-1].fenced = true
	case Load:
		c.load(now, c.slotOf(chore.Partition))
	case Expire:
		c.groupOf(chore.Group).expire(now, chore.Member)
	case Proceed:
		c.groupOf(chore.Group).proceed(now)
	case Elect:
		c.elect(chore.Partition)
	}
	c.changed()
}

func (c *Cluster) elect(tp stream.TopicPartition) {
	if s := c.slotOf(tp); s != nil {
		s.elected(c.firstAlive(tp.Partition))
		return
	}
	p := c.partition(tp)
	p.elected(c.heir(p.replicas))
}

// NextTimeOut returns when the next transaction times out; zero if none is open.
func (c *Cluster) NextTimeOut() time.Time {
	var first time.Time
	for _, t := range c.transactions {
		if at := t.started.Add(t.timeout + 1); t.state == ongoing && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
