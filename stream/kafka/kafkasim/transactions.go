package kafkasim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A transaction is what a coordinator knows of a transactional id: Kafka's
// TransactionMetadata.
type transaction struct {
	id       string
	slot     *slot
	producer int64
	previous int64 // the previous producer id; -1: none
	epoch    int16 // -1: not assigned yet
	last     int16 // the previous epoch of the same owner; -1: none
	timeout  time.Duration
	state    state
	started  time.Time

	partitions []stream.TopicPartition // in the order in which they were added
	unmarked   []stream.TopicPartition // whose markers are due
}

// A state is the state of a transaction.
type state int8

const (
	empty state = iota
	ongoing
	prepareCommit
	prepareAbort
	completeCommit
	completeAbort
)

// ending reports whether the transaction is decided but not complete.
func (s state) ending() bool { return s == prepareCommit || s == prepareAbort }

// maxTimeout is a broker's transaction.max.timeout.ms.
const maxTimeout = 15 * time.Minute

// lastEpoch is the last one that a producer gets: one more must be left to fence it.
const lastEpoch = 1<<15 - 2

// find returns the transaction of a transactional id, or nil.
func (c *Cluster) find(id string) *transaction {
	for _, t := range c.transactions {
		if t.id == id {
			return t
		}
	}
	return nil
}

// owned is find for a request of a producer: it checks its id and epoch.
func (c *Cluster) owned(id string, producer int64, epoch int16) (*transaction, int16) {
	t := c.find(id)
	switch {
	case t == nil || t.producer != producer:
		return nil, errcode.InvalidProducerIDMapping
	case t.epoch != epoch:
		return nil, errcode.ProducerFenced
	}
	return t, 0
}

// add adds partitions to the open transaction, or opens one.
func (c *Cluster) add(now time.Time, id string, producer int64, epoch int16, partitions []stream.TopicPartition) int16 {
	if id == "" {
		return errcode.InvalidRequest
	}
	if t := c.find(id); t != nil && t.state.ending() { // even for another producer
		return errcode.ConcurrentTransactions
	}
	t, failed := c.owned(id, producer, epoch)
	if failed != 0 {
		return failed
	}
	if t.state != ongoing {
		t.state, t.started = ongoing, now
	}
	for _, tp := range partitions {
		if !slices.Contains(t.partitions, tp) {
			t.partitions = append(t.partitions, tp)
		}
	}
	c.changed()
	return 0
}

// inTransaction returns why a batch doesn't belong to the open transaction; 0: it does.
func (c *Cluster) inTransaction(id string, producer int64, epoch int16, tp stream.TopicPartition) int16 {
	s := c.slotOf(CoordinatorOf(id, true))
	switch {
	case s.leader == noLeader || !c.Alive(s.leader):
		return errcode.CoordinatorNotAvailable
	case s.loading:
		return errcode.CoordinatorLoading
	}
	t, failed := c.owned(id, producer, epoch)
	switch {
	case failed == errcode.ProducerFenced:
		return errcode.InvalidProducerEpoch
	case failed != 0:
		return failed
	case t.state.ending():
		return errcode.ConcurrentTransactions
	case !slices.Contains(t.partitions, tp):
		return errcode.InvalidTxnState
	}
	return 0
}

// end handles EndTxn of a client.
func (c *Cluster) end(id string, producer int64, epoch int16, commit bool) int16 {
	t, failed := c.owned(id, producer, epoch)
	if failed != 0 {
		return failed
	}
	prepare, complete := prepareAbort, completeAbort
	if commit {
		prepare, complete = prepareCommit, completeCommit
	}
	switch {
	case t.state == ongoing:
		t.prepare(prepare)
		c.changed()
		return 0
	case t.state.ending():
		return errcode.ConcurrentTransactions
	case t.state == complete:
		return 0
	}
	return errcode.InvalidTxnState
}

// prepare decides the transaction. Its markers are due then.
func (t *transaction) prepare(s state) {
	t.state = s
	t.unmarked = slices.Clone(t.partitions)
}

// fence aborts the transaction and raises the epoch, so that the producer's requests fail.
// The producer may request the next epoch, unless another one has got it.
func (t *transaction) fence() {
	t.last = t.epoch
	t.epoch++
	t.prepare(prepareAbort)
}

// complete ends a transaction whose markers are all written.
func (t *transaction) complete() {
	if t.state == prepareCommit {
		t.state = completeCommit
	} else {
		t.state = completeAbort
	}
	t.partitions, t.unmarked = t.partitions[:0], t.unmarked[:0]
	t.previous = t.producer // an older id isn't valid any more
}
