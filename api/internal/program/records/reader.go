package records

import (
	"context"
	"fmt"
	"math"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/stream"
)

// A Reader reads partitions of topics. It belongs to one goroutine.
type Reader struct {
	consumer stream.Consumer
	at       map[stream.TopicPartition]int64 // the next offset to read
	ends     map[stream.TopicPartition]int64 // of partitions that aren't read to their end
}

// Open opens a reader. The caller closes it.
func Open(ctx context.Context, system stream.System) (*Reader, error) {
	c, err := system.OpenConsumer(ctx, stream.ConsumerConfig{})
	if err != nil {
		return nil, err
	}
	return &Reader{consumer: c, at: make(map[stream.TopicPartition]int64), ends: make(map[stream.TopicPartition]int64)}, nil
}

// ReadAll calls f with all records that partitions have at this moment, those of each
// partition in order.
func ReadAll(ctx context.Context, system stream.System, tps []stream.TopicPartition, f func(stream.TopicPartition, *stream.Record) error) error {
	return readLast(ctx, system, tps, math.MaxInt64, f)
}

// EachLast calls f with the last record of each partition of a topic.
func EachLast(ctx context.Context, system stream.System, topic string, f func(*stream.Record) error) error {
	tps, err := Partitions(ctx, system.Admin(), topic)
	if err != nil {
		return err
	}
	return readLast(ctx, system, tps, 1, func(_ stream.TopicPartition, r *stream.Record) error { return f(r) })
}

// readLast is ReadAll for at most so many offsets at the end of each partition.
func readLast(ctx context.Context, system stream.System, tps []stream.TopicPartition, most int64, f func(stream.TopicPartition, *stream.Record) error) (err error) {
	starts, err := system.Admin().Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := system.Admin().Ends(ctx, tps...)
	if err != nil {
		return err
	}
	r, err := Open(ctx, system)
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, r) }()
	for i, tp := range tps {
		if starts[i] == ends[i] {
			continue
		}
		if err := r.From(tp, max(starts[i], ends[i]-most), ends[i]); err != nil {
			return err
		}
	}
	return r.ToEnds(ctx, f)
}

// From starts to read a partition at an offset. end is where ToEnds stops.
func (r *Reader) From(tp stream.TopicPartition, offset, end int64) error {
	r.at[tp] = offset
	r.SetEnd(tp, end)
	return r.consumer.Assign(tp, offset)
}

// SetEnd changes where ToEnds stops to read a partition.
func (r *Reader) SetEnd(tp stream.TopicPartition, end int64) {
	if r.at[tp] < end {
		r.ends[tp] = end
	}
}

// ToEnds reads each partition to its end.
func (r *Reader) ToEnds(ctx context.Context, f func(stream.TopicPartition, *stream.Record) error) error {
	for len(r.ends) > 0 {
		n, err := r.Poll(f)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.Ready():
		}
	}
	return nil
}

// Poll calls f with the records that have been fetched, and returns the number of their
// chunks.
func (r *Reader) Poll(f func(stream.TopicPartition, *stream.Record) error) (int, error) {
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

// Ready is signalled when Poll has an event.
func (r *Reader) Ready() <-chan struct{} { return r.consumer.Ready() }

// Close closes the reader.
func (r *Reader) Close() error { return r.consumer.Close() }
