package kafkasim

import (
	"time"

	"github.com/segmentio/kafka-go/protocol/initproducerid"

	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

func (c *Cluster) initProducerID(node int32, r *initproducerid.Request) *initproducerid.Response {
	refused := &initproducerid.Response{ProducerID: -1, ProducerEpoch: -1}
	if r.TransactionalID == "" {
		return &initproducerid.Response{ProducerID: c.newProducerID()}
	}
	s, failed := c.coordinator(node, r.TransactionalID, true)
	timeout := time.Duration(r.TransactionTimeoutMs) * time.Millisecond
	switch {
	case (r.ProducerID < 0) != (r.ProducerEpoch < 0):
		refused.ErrorCode = errcode.InvalidRequest
		return refused
	case timeout <= 0 || timeout > maxTimeout:
		refused.ErrorCode = errcode.InvalidTxnTimeout
		return refused
	case failed != 0:
		refused.ErrorCode = failed
		return refused
	}
	t := c.find(r.TransactionalID)
	if t == nil {
		t = &transaction{id: r.TransactionalID, slot: s, producer: c.newProducerID(), previous: -1, epoch: -1, last: -1, timeout: timeout}
		c.transactions = append(c.transactions, t)
	}
	if refused.ErrorCode = c.initialise(t, r.ProducerID, r.ProducerEpoch); refused.ErrorCode != 0 {
		return refused
	}
	t.timeout = timeout
	return &initproducerid.Response{ProducerID: t.producer, ProducerEpoch: t.epoch}
}

func (c *Cluster) newProducerID() int64 {
	c.producers++
	return c.producers - 1
}

// initialise assigns a producer its epoch. producer and epoch are its current ones, -1 if it
// is new.
func (c *Cluster) initialise(t *transaction, producer int64, epoch int16) int16 {
	renews := producer >= 0
	known := t.epoch == -1 || producer == t.producer || producer == t.previous && epoch >= lastEpoch
	switch {
	case t.state.ending():
		return errcode.ConcurrentTransactions
	case renews && !known:
		return errcode.ProducerFenced
	case t.state == ongoing:
		t.fence()
		c.changed()
		return errcode.ConcurrentTransactions
	case t.epoch >= lastEpoch && (!renews || epoch == t.epoch):
		t.last = -1
		if renews {
			t.last = t.epoch
		}
		t.previous, t.producer, t.epoch = t.producer, c.newProducerID(), 0
	case !renews:
		t.epoch, t.last = t.epoch+1, -1
	case t.epoch == -1 || epoch == t.epoch:
		t.epoch, t.last = t.epoch+1, t.epoch
	case epoch != t.last:
		return errcode.ProducerFenced
	}
	t.state = empty
	return 0
}
