package kafkasim

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/partlog"
)

// offsets are the committed offsets of the groups of a slot, and those of open
// transactions.
type offsets struct {
	written   int64 // number of records: later ones win
	committed map[groupPartition]commit
	pending   map[int64][]commit // by producer id
	producers partlog.Producers
}

// A groupPartition is the owner of an offset.
type groupPartition struct {
	group string
	stream.TopicPartition
}

// A commit is an offset.
type commit struct {
	groupPartition
	offset int64
	record int64 // its index among the written records
}

func (o *offsets) init() {
	o.committed = make(map[groupPartition]commit)
	o.pending = make(map[int64][]commit)
	o.producers = make(partlog.Producers)
}

// has reports whether a group has committed any.
func (o *offsets) has(group string) bool {
	for of := range o.committed { // in any order
		if of.group == group {
			return true
		}
	}
	return false
}

// set commits an offset: at once, or, with a producer, at the end of its transaction.
func (o *offsets) set(of groupPartition, offset int64, producer int64) {
	o.written++
	n := commit{of, offset, o.written}
	if producer < 0 {
		o.committed[of] = n
		return
	}
	all := o.pending[producer]
	if i := slices.IndexFunc(all, func(p commit) bool { return p.groupPartition == of }); i >= 0 {
		all[i] = n
		return
	}
	o.pending[producer] = append(all, n)
}

// unstable reports whether an open transaction has an offset.
func (o *offsets) unstable(of groupPartition) bool {
	for _, all := range o.pending { // in any order: the result is the same
		if slices.ContainsFunc(all, func(p commit) bool { return p.groupPartition == of }) {
			return true
		}
	}
	return false
}

// mark ends a producer's transaction.
func (o *offsets) mark(producer int64, commits bool) {
	o.written++
	for _, p := range o.pending[producer] {
		if commits && p.record > o.committed[p.groupPartition].record {
			o.committed[p.groupPartition] = p
		}
	}
	delete(o.pending, producer)
}

// forget drops the offsets in a topic that is deleted.
func (s *slot) forget(topic string) {
	for of := range s.offsets.committed {
		if of.Topic == topic {
			delete(s.offsets.committed, of)
		}
	}
	for producer, all := range s.offsets.pending {
		s.offsets.pending[producer] = slices.DeleteFunc(all, func(p commit) bool { return p.Topic == topic })
	}
}

// Offsets returns the committed offsets of a group, in the order of topics and partitions.
func (c *Cluster) Offsets(group string) []stream.Position {
	var all []stream.Position
	for of, p := range c.slotOf(CoordinatorOf(group, false)).offsets.committed {
		if of.group == group {
			all = append(all, stream.Position{TopicPartition: of.TopicPartition, Offset: p.offset})
		}
	}
	slices.SortFunc(all, func(a, b stream.Position) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all
}
