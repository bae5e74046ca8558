package produce

import (
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// requestFailed handles a request without an answer. The broker may have the batches: they
// are sent again unchanged. The request's memory may still be read. The caller holds mu.
func (s *sender) requestFailed(d *destination, err error) {
	d.request = nil
	if s.life.Context().Err() == nil && !kerr.Temporary(err) {
		s.life.Fail(err)
	}
	if !d.unreachable && !s.stopped && s.life.Failure() == nil {
		d.unreachable = true
		s.log.Warn("broker doesn't answer; retrying", "broker", d.node, "error", err)
	}
	for _, f := range d.inFlight {
		f.sequence.failed(false)
		s.retrier.retryLater(f.partitionBuffer, err)
	}
}

// refusal explains why a broker refused a batch.
func (s *sender) refusal(o *partitionBuffer, a *wire.ProducedPartition) error {
	p := o.sequence.batches[0]
	var err error
	switch c := kerr.Code(a.Code); c {
	case kerr.MessageTooLarge, kerr.RecordListTooLarge:
		what := fmt.Sprintf("%d records together", p.count)
		if p.count == 1 {
			what = "a record"
		}
		err = fmt.Errorf("%w: %w: %s of %d bytes; raise the topic's max.message.bytes (and segment.bytes, if that is lower), or send less at once", stream.ErrTakesLess, c, what, len(p.bytes)-wire.BatchRoom)
	case kerr.StaleProducerEpoch, kerr.ProducerFenced:
		err = s.fenced(c)
	case kerr.InvalidRecord:
		err = fmt.Errorf("%w (a compacted topic takes only records with a key)", c)
	case kerr.BadTimestamp:
		err = fmt.Errorf("%w: a record's time is further ahead of the broker's clock, or behind it, than the topic's message.timestamp.after.max.ms or message.timestamp.before.max.ms allows", c)
	default:
		err = kerr.AccessDenied(c, "Write", kerr.TopicResource, o.Topic)
	}
	return fmt.Errorf("send to %s: %w", o.TopicPartition, kerr.WithMessage(err, a.Message))
}

// fenced explains a refused epoch: only a transactional id can be taken over.
func (s *sender) fenced(c kerr.Code) error {
	if s.transaction == "" {
		return c
	}
	return fmt.Errorf("%w, or the transaction was open for longer than %s", stream.ErrFenced, transactionTimeout)
}
