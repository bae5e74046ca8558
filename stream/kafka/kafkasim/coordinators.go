package kafkasim

import (
	"slices"
	"time"
	"unicode/utf16"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// Kafka's internal topics. The leader of a partition coordinates all transactional ids or
// groups that belong to it.
const (
	TransactionState = "__transaction_state"
	ConsumerOffsets  = "__consumer_offsets"

	coordinatorPartitions = 50
)

// By Kafka's numbers.
const (
	ofGroups       = 0
	ofTransactions = 1
)

// A slot is a partition of one of these topics.
type slot struct {
	stream.TopicPartition
	leader  int32
	former  int32 // a previous leader that doesn't know yet that it was replaced; 0: none
	epoch   int32
	loading bool // the leader is new, and has to read the log first
	behind  bool // the leader is new, and describes nothing until offsets are requested
	offsets offsets
	groups  []*group // that have had members, in the order of their first members
}

// CoordinatorOf returns the partition that determines the coordinator of a group or, if
// transactional, of a transactional id.
func CoordinatorOf(name string, transactional bool) stream.TopicPartition {
	hash := int32(0) // of a string, as in Java
	for _, c := range utf16.Encode([]rune(name)) {
		hash = 31*hash + int32(c)
	}
	tp := stream.TopicPartition{Topic: ConsumerOffsets, Partition: hash & 0x7fffffff % coordinatorPartitions}
	if transactional {
		tp.Topic = TransactionState
	}
	return tp
}

// slotOf returns a partition of Kafka's internal topics, nil for others.
func (c *Cluster) slotOf(tp stream.TopicPartition) *slot {
	kind := ofGroups
	switch tp.Topic {
	case TransactionState:
		kind = ofTransactions
	case ConsumerOffsets:
	default:
		return nil
	}
	if tp.Partition < 0 || tp.Partition >= coordinatorPartitions {
		return nil
	}
	s := c.slots[kind][tp.Partition]
	if s == nil {
		s = &slot{TopicPartition: tp, leader: c.firstAlive(tp.Partition)}
		s.offsets.init()
		c.slots[kind][tp.Partition] = s
		c.coordinators = append(c.coordinators, s)
	}
	return s
}

// coordinator returns the slot of an id or a group, if the broker coordinates it.
func (c *Cluster) coordinator(node int32, name string, transactional bool) (*slot, int16) {
	s := c.slotOf(CoordinatorOf(name, transactional))
	switch {
	case s.leader != node:
		return s, errcode.NotCoordinator
	case s.loading:
		return s, errcode.CoordinatorLoading
	}
	return s, 0
}

// elected makes a broker the leader.
func (s *slot) elected(node int32) {
	s.resign()
	s.leader, s.former, s.loading = node, 0, true
	s.epoch++
}

// Depose elects other coordinators for the groups of a broker, as when it is suspended for
// longer than the broker session timeout. When it resumes, the sessions of all members are
// over by its clock. It answers that it knows no member until [Cluster.Notice].
func (c *Cluster) Depose(node int32) {
	for _, s := range c.coordinators {
		if s.Topic != ConsumerOffsets || s.leader != node {
			continue
		}
		heir := node
		for heir == node || !c.Alive(heir) {
			heir = heir%int32(len(c.nodes)) + 1
		}
		s.elected(heir)
		s.former = node
	}
	c.changed()
}

// Notice informs a broker about the coordinators that have replaced it.
func (c *Cluster) Notice(node int32) {
	for _, s := range c.coordinators {
		if s.former == node {
			s.former = 0
		}
	}
}

// coordinatorFor returns the slot of a group for a request of a member, if the broker
// coordinates the group, or doesn't know yet that it was replaced.
func (c *Cluster) coordinatorFor(node int32, group, member string) (*slot, int16) {
	s, failed := c.coordinator(node, group, false)
	if s.former == node && member != "" {
		failed = errcode.UnknownMember
	}
	return s, failed
}

func (c *Cluster) findCoordinator(r *findcoordinator.Request) *findcoordinator.Response {
	s := c.slotOf(CoordinatorOf(r.Key, r.KeyType == ofTransactions))
	if s.leader == noLeader || c.nodes[s.leader-1].fenced {
		return &findcoordinator.Response{ErrorCode: errcode.CoordinatorNotAvailable, NodeID: noLeader, Port: -1}
	}
	return &findcoordinator.Response{NodeID: s.leader, Host: host, Port: port(s.leader)}
}

// load takes over from the previous coordinator. Which markers were written is unknown, so
// all are due again.
func (c *Cluster) load(now time.Time, s *slot) {
	s.loading, s.behind = false, true
	s.resume(now)
	for _, t := range c.transactions {
		if t.slot == s && t.state.ending() {
			t.unmarked = slices.Clone(t.partitions)
		}
	}
}
