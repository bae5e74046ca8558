package api

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A sampled is an input that can make records of its own, with its type erased.
type sampled struct {
	topic  string
	values func(after int64) iter.Seq2[[]byte, error] // those that are later, encoded
	timeOf func(*stream.Record) (int64, error)
}

func newSampled[M any](topic string, in input[M]) sampled {
	encode, parse := serde.Appender(in.serde), serde.Parser(in.serde)
	timeOf := func(m M) int64 {
		if in.eventTime == nil {
			return time.Now().UnixMilli()
		}
		return in.eventTime(m).UnixMilli()
	}
	return sampled{
		topic: topic,
		values: func(after int64) iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for m := range in.sample() {
					if timeOf(m) > after && !yield(encode(nil, &m)) {
						return
					}
				}
			}
		},
		timeOf: func(r *stream.Record) (int64, error) {
			var m M
			if err := parse(r.Value, &m); err != nil {
				return 0, err
			}
			return timeOf(m), nil
		},
	}
}

const (
	// sampleRate is how many sample records a second are written.
	sampleRate = 2000
	// sampleTick is how often.
	sampleTick = 50 * time.Millisecond
)

// writeSamples writes an input's own records to its topic, in turn to its
// partitions, until ctx is done. It goes on after the last event time that is in
// the topic.
func writeSamples(ctx context.Context, system stream.System, s sampled) (err error) {
	last, err := lastEventTime(ctx, system, s)
	if err != nil {
		return err
	}
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, p) }()
	w, err := p.Writer(s.topic)
	if err != nil {
		return fmt.Errorf("sample for %s: %w", s.topic, err)
	}
	tick := time.NewTicker(sampleTick)
	defer tick.Stop()
	n := 0
	for value, err := range s.values(last) {
		if err != nil {
			return fmt.Errorf("sample for %s: %w", s.topic, err)
		}
		if err := w.Send(int32(n)%w.Partitions(), &stream.Record{Value: value}); err != nil {
			return fmt.Errorf("sample for %s: %w", s.topic, err)
		}
		if n++; n%int(sampleRate*sampleTick/time.Second) != 0 {
			continue
		}
		if _, err := p.Commit(ctx, stream.GroupOffsets{}); err != nil {
			return fmt.Errorf("sample for %s: %w", s.topic, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	return err
}

// lastEventTime is the highest event time among the last records of the topic's
// partitions; before all times if it is empty.
func lastEventTime(ctx context.Context, system stream.System, s sampled) (last int64, err error) {
	last = stream.NoTime
	err = eachLast(ctx, system, s.topic, func(r *stream.Record) error {
		at, err := s.timeOf(r)
		last = max(last, at)
		return err
	})
	return last, err
}

// eachLast calls f with the last record of each partition of a topic.
func eachLast(ctx context.Context, system stream.System, topic string, f func(*stream.Record) error) error {
	tps, err := partitionsOf(ctx, system, topic)
	if err != nil {
		return err
	}
	return readLast(ctx, system, tps, 1, func(_ stream.TopicPartition, r *stream.Record) error { return f(r) })
}
