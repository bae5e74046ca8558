package api

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gretestream/grete/stream"
)

// A reader reads partitions of topics beside the pipeline: to print them, and to
// look at what is there.
type reader struct {
	consumer stream.Consumer
	ends     map[stream.TopicPartition]int64 // of the partitions that aren't read to their end
}

func openReader(ctx context.Context, system stream.System) (*reader, error) {
	c, err := system.OpenConsumer(ctx, stream.ConsumerConfig{})
	if err != nil {
		return nil, err
	}
	return &reader{consumer: c, ends: make(map[stream.TopicPartition]int64)}, nil
}

// from begins to read a partition at an offset. end is for toEnds.
func (r *reader) from(tp stream.TopicPartition, offset, end int64) error {
	if offset < end {
		r.ends[tp] = end
	}
	return r.consumer.Assign(tp, offset)
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
		if end, ok := r.ends[c.TopicPartition]; ok && c.Next >= end {
			delete(r.ends, c.TopicPartition)
		}
		r.consumer.Release(c.TopicPartition)
	}
	return len(chunks), nil
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
