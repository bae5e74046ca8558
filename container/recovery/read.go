package recovery

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// read reads each of the changelogs from at up to until, all side by side. take gets the
// records; after is called when a chunk is done.
func (x *restorer) read(ctx context.Context, logs []*changelog, take func(*changelog, *stream.Record) error, after func(*changelog) error) (err error) {
	if len(logs) == 0 {
		return nil
	}
	if x.consumer == nil {
		if x.consumer, err = x.r.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: x.r.cfg.Memory.Fetch()}); err != nil {
			return err
		}
	}
	reading := make(map[stream.TopicPartition]*changelog)
	for _, l := range logs {
		if err := x.consumer.Assign(l.TopicPartition, l.at); err != nil {
			return err
		}
		reading[l.TopicPartition] = l
	}
	for len(reading) > 0 {
		chunks, err := x.consumer.Poll()
		if err != nil {
			return err
		}
		if len(chunks) == 0 {
			x.r.cfg.Await(ctx, pollEvery, x.consumer.Ready())
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		for i := range chunks {
			l := reading[chunks[i].TopicPartition]
			if err := l.each(&chunks[i], take); err != nil {
				return err
			}
			x.consumer.Release(l.TopicPartition)
			if l.at == l.until {
				x.consumer.Unassign(l.TopicPartition)
				delete(reading, l.TopicPartition)
			}
			if err := after(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// each calls take for the records of a chunk up to until. Where a log has holes, a chunk
// may have no records and still lead far.
func (l *changelog) each(c *stream.Chunk, take func(*changelog, *stream.Record) error) error {
	for i := range c.Records {
		rec := &c.Records[i]
		if rec.Offset >= l.until {
			break
		}
		if err := take(l, rec); err != nil {
			return fmt.Errorf("%s, offset %d: %w", l.TopicPartition, rec.Offset, err)
		}
	}
	l.at = min(c.Next, l.until)
	return nil
}
