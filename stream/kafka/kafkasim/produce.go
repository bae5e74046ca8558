package kafkasim

import (
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/partlog"
)

func (c *Cluster) produce(now time.Time, node int32, r *wire.Produce) *wire.Produce {
	answer := &wire.Produce{}
	answer.Answer.Partitions = make([]wire.ProducedPartition, 0, len(r.Partitions))
	for i := range r.Partitions {
		p := &r.Partitions[i]
		out := wire.ProducedPartition{TopicPartition: p.TopicPartition, BaseOffset: -1}
		offset, failed, why := c.append(now, node, r.Transaction, p)
		if out.Code, out.Message = failed, why; failed == 0 {
			out.BaseOffset = offset
		}
		answer.Answer.Partitions = append(answer.Answer.Partitions, out)
	}
	return answer
}

// append is what a leader does with a batch: Kafka's ReplicaManager and UnifiedLog, in
// their order.
func (c *Cluster) append(now time.Time, node int32, transaction string, in *wire.ProducePartition) (offset int64, failed int16, why string) {
	var h batch.Header
	bytes := in.Batch[wire.BatchRoom:]
	if whole, err := batch.ParseHeader(bytes, &h); !whole || err != nil || h.Size != len(bytes) || h.Count == 0 {
		return 0, errcode.InvalidRecord, "produce requests must have exactly one record batch per partition"
	}
	if c.byName[in.Topic] == nil {
		return 0, errcode.UnknownTopic, ""
	}
	p, failed := c.ledBy(node, in.TopicPartition)
	if failed != 0 {
		return 0, failed, ""
	}
	var from *partlog.Producer
	if h.ProducerID >= 0 {
		from = p.log.Producer(h.ProducerID)
		if h.Attributes&batch.Transactional != 0 {
			if failed := c.verify(transaction, from, &h, in.TopicPartition); failed != 0 {
				return 0, failed, ""
			}
		}
	}
	if failed, why := p.validate(now, &c.reader, bytes); failed != 0 {
		return 0, failed, why
	}
	if from != nil {
		if offset, ok := from.Duplicate(&h); ok {
			return offset, 0, ""
		}
		if failed := from.Check(&h); failed != 0 {
			return 0, failed, ""
		}
	}
	p.log.Append(&h, append(make([]byte, 0, len(bytes)), bytes...), p.epoch)
	if from != nil {
		from.Wrote(&h)
		if h.Attributes&batch.Transactional != 0 && from.First < 0 {
			p.log.Begin(from, h.BaseOffset)
		}
	}
	c.changed()
	return h.BaseOffset, 0, ""
}

// validate checks the records themselves: Kafka's LogValidator.
func (p *partition) validate(now time.Time, r *batch.Reader, bytes []byte) (failed int16, why string) {
	if len(bytes) > p.topic.maxBytes {
		return errcode.MessageTooLarge, ""
	}
	r.Reset(bytes)
	if !r.Next() {
		return errcode.CorruptMessage, ""
	}
	if r.MaxTime-now.UnixMilli() > p.topic.future {
		return errcode.InvalidTimestamp, "Timestamp of message with offset is out of range"
	}
	if p.topic.compacted {
		var record stream.Record
		for r.Record(&record) {
			if record.Key == nil {
				return errcode.InvalidRecord, "One or more records have been rejected"
			}
		}
	}
	if r.Err() != nil {
		return errcode.CorruptMessage, ""
	}
	return 0, ""
}

// verify asks the coordinator, before the first batch of a transaction in a partition,
// whether the partition belongs to the transaction (KIP-890). It returns the producer's
// error if it doesn't.
func (c *Cluster) verify(transaction string, from *partlog.Producer, h *batch.Header, tp stream.TopicPartition) int16 {
	switch {
	case from.Transacting(h.ProducerEpoch):
		return 0
	case h.ProducerEpoch < from.Epoch:
		return errcode.InvalidProducerEpoch
	}
	from.Verify(h.ProducerEpoch, h.Sequence)
	switch failed := c.inTransaction(transaction, h.ProducerID, h.ProducerEpoch, tp); failed {
	case errcode.ConcurrentTransactions, errcode.CoordinatorLoading, errcode.CoordinatorNotAvailable, errcode.NotCoordinator:
		return errcode.NotEnoughReplicas
	default:
		return failed
	}
}
