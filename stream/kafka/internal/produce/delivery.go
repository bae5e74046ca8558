package produce

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A destination is a broker that receives batches.
type destination struct {
	node        int32
	unreachable bool // it has been logged
	busy        bool // a request is in flight; the following fields then belong to deliver
	inFlight    []inFlightBatch
	size        int64
	request     *wire.Produce
	compressor  batch.Compressor
}

// An inFlightBatch is the batch that a partition's buffer has in flight.
type inFlightBatch struct {
	*partitionBuffer
	batch *recordBatch
}

// deliver sends one request with a broker's batches, and handles the answer.
func (s *sender) deliver(d *destination) {
	err := s.buildRequest(d)
	if err == nil {
		_, err = s.link.Exchange(s.life.Context(), d.node, d.request, link.RequestTimeout)
	}
	if pause := s.finishRequest(d, err); pause > 0 {
		_ = s.link.Sleep(s.life.Context(), pause) // interrupted only when the producer ends
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.busy = false
	s.dispatch()
	if s.idle() {
		s.idleSignal.Give()
	}
}

// finishRequest handles the result of a request. It returns how long to leave the broker
// alone.
func (s *sender) finishRequest(d *destination, err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var throttle int32
	if err != nil {
		s.requestFailed(d, err)
	} else {
		throttle = d.request.Answer.Throttle
		s.requestAnswered(d)
	}
	clear(d.inFlight)
	d.inFlight, d.size = d.inFlight[:0], 0
	return time.Duration(throttle) * time.Millisecond
}

// buildRequest seals the batches and builds the request.
func (s *sender) buildRequest(d *destination) error {
	slices.SortStableFunc(d.inFlight, func(a, b inFlightBatch) int { return strings.Compare(a.Topic, b.Topic) })
	if d.request == nil {
		d.request = &wire.Produce{Transaction: s.transaction, Timeout: int32(followerTimeout.Milliseconds())}
	}
	attributes := int16(0)
	if s.transaction != "" {
		attributes = batch.Transactional
	}
	d.request.Partitions = d.request.Partitions[:0]
	for _, f := range d.inFlight {
		if err := f.batch.seal(attributes, s.codec, &d.compressor, f.Partition); err != nil {
			return fmt.Errorf("send to %s: %w", f.TopicPartition, err)
		}
		d.request.Partitions = append(d.request.Partitions, wire.ProducePartition{TopicPartition: f.TopicPartition, Batch: f.batch.bytes})
	}
	return nil
}

// requestAnswered handles each batch's part of an answer.
func (s *sender) requestAnswered(d *destination) {
	if d.unreachable {
		d.unreachable = false
		s.log.Info("broker answers again", "broker", d.node)
	}
	for i, f := range d.inFlight {
		o := f.partitionBuffer
		a := answerFor(d.request.Answer.Partitions, i, o.TopicPartition)
		if a == nil {
			o.sequence.failed(true)
			s.retrier.retryLater(o, &kerr.UnreachableError{Where: fmt.Sprintf("broker %d", d.node), Err: kerr.ErrOmitted})
			continue
		}
		switch judge(kerr.Code(a.Code)) {
		case delivered:
			s.recycle(o.delivered(a.BaseOffset))
			s.makeReady(o)
		case retryLater:
			o.sequence.failed(true)
			s.retrier.retryLater(o, kerr.Code(a.Code))
		case refused:
			s.life.Fail(s.refusal(o, a))
		}
	}
	s.retrier.recovered()
}

// answerFor finds a partition's answer, which usually has the place of its batch in the
// request.
func answerFor(all []wire.ProducedPartition, i int, tp stream.TopicPartition) *wire.ProducedPartition {
	if i < len(all) && all[i].TopicPartition == tp {
		return &all[i]
	}
	i = slices.IndexFunc(all, func(a wire.ProducedPartition) bool { return a.TopicPartition == tp })
	if i < 0 {
		return nil
	}
	return &all[i]
}
