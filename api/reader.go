package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A reader reads partitions of topics beside the pipeline: to print them, and to
// look at what is there.
type reader struct {
	consumer stream.Consumer
	at       map[stream.TopicPartition]int64 // the next offset to read
	ends     map[stream.TopicPartition]int64 // of the partitions that aren't read to their end
}

func openReader(ctx context.Context, system stream.System) (*reader, error) {
	c, err := system.OpenConsumer(ctx, stream.ConsumerConfig{})
	if err != nil {
		return nil, err
	}
	return &reader{consumer: c, at: make(map[stream.TopicPartition]int64), ends: make(map[stream.TopicPartition]int64)}, nil
}

// readAll gives f all records of partitions that are there at this moment, those of each
// in their order.
func readAll(ctx context.Context, system stream.System, tps []stream.TopicPartition, f func(stream.TopicPartition, *stream.Record) error) error {
	return readLast(ctx, system, tps, math.MaxInt64, f)
}

// readLast is readAll of the last offsets of each partition, so many.
func readLast(ctx context.Context, system stream.System, tps []stream.TopicPartition, most int64, f func(stream.TopicPartition, *stream.Record) error) (err error) {
	starts, err := system.Admin().Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := system.Admin().Ends(ctx, tps...)
	if err != nil {
		return err
	}
	r, err := openReader(ctx, system)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, r.consumer) }()
	for i, tp := range tps {
		if starts[i] == ends[i] {
			continue
		}
		if err := r.from(tp, max(starts[i], ends[i]-most), ends[i]); err != nil {
			return err
		}
	}
	return r.toEnds(ctx, f)
}

// from begins to read a partition at an offset. end is for toEnds.
func (r *reader) from(tp stream.TopicPartition, offset, end int64) error {
	r.at[tp] = offset
	r.setEnd(tp, end)
	return r.consumer.Assign(tp, offset)
}

func (r *reader) setEnd(tp stream.TopicPartition, end int64) {
	if r.at[tp] < end {
		r.ends[tp] = end
	}
}

// toEnds reads until each partition has come to its end.
func (r *reader) toEnds(ctx context.Context, f func(stream.TopicPartition, *stream.Record) error) error {
	for len(r.ends) > 0 {
		n, err := r.poll(f)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.consumer.Ready():
		}
	}
	return nil
}

// poll gives f what is there, and returns how many chunks that was.
func (r *reader) poll(f func(stream.TopicPartition, *stream.Record) error) (int, error) {
	chunks, err := r.consumer.Poll()
	if err != nil {
		return 0, err
	}
	for _, c := range chunks {
		for i := range c.Records {
			if err := f(c.TopicPartition, &c.Records[i]); err != nil {
				return 0, fmt.Errorf("%s, offset %d: %w", c.TopicPartition, c.Records[i].Offset, err)
			}
		}
		r.at[c.TopicPartition] = c.Next
		if end, ok := r.ends[c.TopicPartition]; ok && c.Next >= end {
			delete(r.ends, c.TopicPartition)
		}
		r.consumer.Release(c.TopicPartition)
	}
	return len(chunks), nil
}

// visibleWithin is how long a log may take to show what is committed. On Kafka
// others' transactions can hold it back.
const visibleWithin = time.Minute

// awaitEnds waits until partitions end where they are said to, or later: a log may
// show what is committed a moment after it was.
func awaitEnds(ctx context.Context, admin stream.Admin, ends []stream.Position) error {
	tps := make([]stream.TopicPartition, len(ends))
	for i, p := range ends {
		tps[i] = p.TopicPartition
	}
	deadline := time.Now().Add(visibleWithin)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(ends) > 0 {
		now, err := admin.Ends(ctx, tps...)
		if err != nil {
			return err
		}
		late := slices.IndexFunc(ends, func(p stream.Position) bool { return now[slices.Index(tps, p.TopicPartition)] < p.Offset })
		if late < 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: what was appended up to offset %d can't be read yet, after %v: is there a transaction that somebody hasn't ended?",
				tps[late], ends[late].Offset, visibleWithin)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// partitionsOf lists the partitions of a topic.
func partitionsOf(ctx context.Context, system stream.System, topic string) ([]stream.TopicPartition, error) {
	known, err := system.Admin().Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	n, ok := known[topic]
	if !ok {
		return nil, fmt.Errorf("topic %s: %w", topic, stream.ErrUnknownTopic)
	}
	tps := make([]stream.TopicPartition, n)
	for i := range tps {
		tps[i] = stream.TopicPartition{Topic: topic, Partition: int32(i)}
	}
	return tps, nil
}

// closing adds the error of closing c to err.
func closing(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
