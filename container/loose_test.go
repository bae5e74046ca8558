package container_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
)

var errCrash = errors.New("killed by the test")

// A looseLog is a log in memory whose at-least-once producers have no
// transactions: what is sent comes into the log at any time, each partition for
// itself, in order. What has not come when the container is killed may come still,
// in part.
type looseLog struct {
	*streammemory.System
	rnd *rand.Rand
	// crash is the chance that a call which can fail is the last of the container.
	crash float64
}

func (l *looseLog) crashes() bool { return l.rnd.Float64() < l.crash }

func (l *looseLog) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	if l.crashes() {
		return nil, errCrash
	}
	p, err := l.System.OpenProducer(ctx, cfg)
	if !cfg.AtLeastOnce {
		return doomedProducer{p, l}, err
	}
	return &looseProducer{Producer: p, log: l, waiting: make(map[stream.TopicPartition][]stream.Record), ends: make(map[stream.TopicPartition]int64)}, err
}

// A doomedProducer keeps transactions. Whether the last one was committed its
// container doesn't learn.
type doomedProducer struct {
	stream.Producer
	log *looseLog
}

func (p doomedProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if p.log.crashes() {
		return nil, errCrash
	}
	ends, err := p.Producer.Commit(ctx, offsets)
	if err == nil && p.log.crashes() {
		return nil, errCrash
	}
	return ends, err
}

type looseProducer struct {
	stream.Producer
	log     *looseLog
	order   []stream.TopicPartition // the keys of waiting
	waiting map[stream.TopicPartition][]stream.Record
	ends    map[stream.TopicPartition]int64 // of what came since the last commit
}

type looseWriter struct {
	stream.Writer
	topic    string
	producer *looseProducer
}

func (p *looseProducer) Writer(topic string) (stream.Writer, error) {
	w, err := p.Producer.Writer(topic)
	return &looseWriter{w, topic, p}, err
}

func (w *looseWriter) Send(partition int32, r *stream.Record) error {
	p, tp := w.producer, stream.TopicPartition{Topic: w.topic, Partition: partition}
	if p.log.rnd.IntN(20) == 0 && p.log.crashes() {
		return &stream.ProducerError{Err: errCrash}
	}
	c := *r
	c.Key, c.Value, c.Headers = bytes.Clone(r.Key), bytes.Clone(r.Value), slices.Clone(r.Headers)
	if !slices.Contains(p.order, tp) {
		p.order = append(p.order, tp)
	}
	p.waiting[tp] = append(p.waiting[tp], c)
	if p.log.rnd.IntN(8) == 0 {
		return p.arrive()
	}
	return nil
}

// arrive lets some of what waits come into the log.
func (p *looseProducer) arrive() error {
	for _, tp := range p.order {
		if err := p.deliver(tp, p.log.rnd.IntN(len(p.waiting[tp])+1)); err != nil {
			return err
		}
	}
	return nil
}

func (p *looseProducer) deliver(tp stream.TopicPartition, n int) error {
	w, err := p.Producer.Writer(tp.Topic)
	if err != nil || n == 0 {
		return err
	}
	for i := range p.waiting[tp][:n] {
		if err := w.Send(tp.Partition, &p.waiting[tp][i]); err != nil {
			return err
		}
	}
	p.waiting[tp] = p.waiting[tp][n:]
	ends, err := p.Producer.Commit(context.Background(), stream.GroupOffsets{})
	for _, end := range ends {
		p.ends[tp] = end.Offset
	}
	return err
}

func (p *looseProducer) Flush(context.Context) error {
	if p.log.crashes() {
		return errors.Join(p.arrive(), errCrash)
	}
	for _, tp := range p.order {
		if err := p.deliver(tp, len(p.waiting[tp])); err != nil {
			return err
		}
	}
	if p.log.crashes() {
		return errCrash
	}
	return nil
}

func (p *looseProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := p.Flush(ctx); err != nil {
		return nil, err
	}
	if _, err := p.Producer.Commit(ctx, offsets); err != nil {
		return nil, err
	}
	if p.log.crashes() {
		return nil, errCrash
	}
	var ends []stream.Position
	for _, tp := range p.order {
		if end, ok := p.ends[tp]; ok {
			ends = append(ends, stream.Position{TopicPartition: tp, Offset: end})
		}
	}
	clear(p.ends)
	return ends, nil
}

func (p *looseProducer) Close() error { return errors.Join(p.arrive(), p.Producer.Close()) }
