package kafka

import (
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// lost sees to a request without an answer. Nobody knows whether the broker has
// the batches: they are sent again as they are. The request's memory may be used
// still. The caller holds mu.
func (s *sender) lost(d *destination, err error) {
	d.request = nil
	if s.life.context().Err() == nil && !temporary(err) {
		s.life.fail(err)
	}
	if !d.away && !s.stopped && s.life.failure() == nil {
		d.away = true
		s.log.Warn("a broker doesn't answer; trying on", "broker", d.node, "error", err)
	}
	for _, f := range d.load {
		f.sequence.missed(false)
		s.retrier.trouble(f.outbox, err)
	}
}

// refusal explains why a broker won't have a batch.
func (s *sender) refusal(o *outbox, a *wire.ProducedPartition) error {
	p := o.sequence.queue[0]
	var err error
	switch c := code(a.Code); c {
	case messageTooLarge, recordListTooLarge:
		what := fmt.Sprintf("%d records together", p.count)
		if p.count == 1 {
			what = "a record"
		}
		err = fmt.Errorf("%w: %s of %d bytes; raise the topic's max.message.bytes (and segment.bytes, if that is lower), or send less at once", c, what, len(p.bytes)-wire.BatchRoom)
	case staleProducerEpoch, producerFenced:
		err = s.fenced(c)
	case invalidRecord:
		err = fmt.Errorf("%w (a compacted topic takes only records with a key)", c)
	case badTimestamp:
		err = fmt.Errorf("%w: a record's time is further ahead of the broker's clock, or behind it, than the topic's message.timestamp.after.max.ms or message.timestamp.before.max.ms allows", c)
	default:
		err = denied(c, "Write", topicResource, o.Topic)
	}
	return fmt.Errorf("send to %s: %w", o.TopicPartition, explained(err, a.Message))
}

// fenced is what a refused epoch means: only a transactional id can be taken over.
func (s *sender) fenced(c code) error {
	if s.transaction == "" {
		return c
	}
	return fmt.Errorf("%w, or the transaction was open for longer than %s", stream.ErrFenced, transactionTimeout)
}
