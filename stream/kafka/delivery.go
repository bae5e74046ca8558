package kafka

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// This file is how a sender makes a request to a broker, and reads its answer.

// A destination is a broker that requests go to.
type destination struct {
	node       int32
	away       bool // it doesn't answer, which has been logged
	busy       bool // a request is under way. Then what follows is deliver's own
	load       []freight
	size       int64
	request    *wire.Produce
	compressor batch.Compressor
}

// A freight is the parcel that an outbox has on its way.
type freight struct {
	*outbox
	parcel *parcel
}

// deliver makes one request of a broker's load, and sees to its answer.
func (s *sender) deliver(d *destination) {
	err := s.pack(d)
	if err == nil {
		_, err = s.link.Exchange(s.life.context(), d.node, d.request, requestTimeout)
	}
	if pause := s.settle(d, err); pause > 0 {
		_ = s.link.Sleep(s.life.context(), pause) // if it is cut short, nothing goes out any more
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.busy = false
	s.dispatch()
	if s.idle() {
		s.quiet.give()
	}
}

// settle sees to what became of a request, and returns how long the broker wants
// to be left alone.
func (s *sender) settle(d *destination, err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var throttle int32
	if err != nil {
		s.lost(d, err)
	} else {
		throttle = d.request.Answer.Throttle
		s.answered(d)
	}
	clear(d.load)
	d.load, d.size = d.load[:0], 0
	return time.Duration(throttle) * time.Millisecond
}

// pack makes the request.
func (s *sender) pack(d *destination) error {
	slices.SortStableFunc(d.load, func(a, b freight) int { return strings.Compare(a.Topic, b.Topic) })
	if d.request == nil {
		d.request = &wire.Produce{Transaction: s.transaction, Timeout: int32(followerTimeout.Milliseconds())}
	}
	attributes := int16(0)
	if s.transaction != "" {
		attributes = batch.Transactional
	}
	d.request.Partitions = d.request.Partitions[:0]
	for _, f := range d.load {
		if err := f.parcel.seal(attributes, s.codec, &d.compressor, f.Partition); err != nil {
			return fmt.Errorf("send to %s: %w", f.TopicPartition, err)
		}
		d.request.Partitions = append(d.request.Partitions, wire.ProducePartition{TopicPartition: f.TopicPartition, Batch: f.parcel.bytes})
	}
	return nil
}

// answered sees to what became of each batch of a request.
func (s *sender) answered(d *destination) {
	if d.away {
		d.away = false
		s.log.Info("the broker answers again", "broker", d.node)
	}
	for i, f := range d.load {
		o := f.outbox
		a := answerFor(d.request.Answer.Partitions, i, o.TopicPartition)
		if a == nil {
			o.sequence.missed(true)
			s.retrier.trouble(o, &UnreachableError{Where: fmt.Sprintf("broker %d", d.node), Err: errNoAnswer})
			continue
		}
		switch judge(code(a.Code)) {
		case delivered:
			s.done(o.arrived(a.BaseOffset))
			s.offer(o)
		case again:
			o.sequence.missed(true)
			s.retrier.trouble(o, code(a.Code))
		case refused:
			s.life.fail(s.refusal(o, a))
		}
	}
	s.retrier.recovered()
}

// answerFor looks for a partition's answer, which is most often where its question
// was.
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
