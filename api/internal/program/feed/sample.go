package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/stream"
)

const (
	// sampleRate is the number of sample records a second.
	sampleRate = 2000
	// sampleTick is the interval between their commits.
	sampleTick = 50 * time.Millisecond
)

// Samples writes an input's samples to its topic, to its partitions in turn, until ctx
// is done. It goes on after the last event time in the topic.
func Samples(ctx context.Context, system stream.System, s flow.Sample) (err error) {
	last, err := lastEventTime(ctx, system, s)
	if err != nil {
		return err
	}
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, p) }()
	if err := writeSamples(ctx, p, s, last); err != nil {
		return fmt.Errorf("sample for %s: %w", s.Topic, err)
	}
	return nil
}

func writeSamples(ctx context.Context, p stream.Producer, s flow.Sample, after int64) error {
	w, err := p.Writer(s.Topic)
	if err != nil {
		return err
	}
	tick := time.NewTicker(sampleTick)
	defer tick.Stop()
	n := 0
	for value, err := range s.Values(after) {
		if err != nil {
			return err
		}
		if err := w.Send(int32(n)%w.Partitions(), &stream.Record{Value: value}); err != nil {
			return err
		}
		if n++; n%int(sampleRate*sampleTick/time.Second) != 0 {
			continue
		}
		if _, err := p.Commit(ctx, stream.GroupOffsets{}); err != nil {
			return err
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

// lastEventTime returns the highest event time of the last records of the topic's
// partitions; [stream.NoTime] if it is empty.
func lastEventTime(ctx context.Context, system stream.System, s flow.Sample) (last int64, err error) {
	last = stream.NoTime
	err = records.EachLast(ctx, system, s.Topic, func(r *stream.Record) error {
		at, err := s.TimeOf(r)
		last = max(last, at)
		return err
	})
	return last, err
}
