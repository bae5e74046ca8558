package generate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// Config is what generators work with. All fields but Limit must be set.
type Config struct {
	Now func() time.Time
	Go  func(f func()) // runs f concurrently
	// Await returns after d, or when one of the channels has a token.
	Await func(ctx context.Context, d time.Duration, ready ...<-chan struct{})
	// Wake makes the loop call Poll soon. It is safe for concurrent use.
	Wake func()
	// Panicked makes an error of what a sequence panicked with. It is called by the
	// deferred function that has recovered it.
	Panicked func(v any) error
	Logger   *slog.Logger
	Limit    *Limit // nil: none
}

// A Consumer reads partitions of the log, and generators. Like every consumer, it belongs
// to one goroutine. The sequences run in goroutines of their own.
type Consumer struct {
	stream.Consumer
	cfg        Config
	generators map[stream.TopicPartition]*generator
	order      []stream.TopicPartition // of the generators: a run can be repeated exactly
	chunks     []stream.Chunk
}

// New adds generators to the consumer of a log.
func New(log stream.Consumer, cfg Config) *Consumer {
	return &Consumer{Consumer: log, cfg: cfg, generators: make(map[stream.TopicPartition]*generator)}
}

// Add adds a generator, which stands for a partition. Assign starts it.
func (c *Consumer) Add(tp stream.TopicPartition, name string, seq Sequence) {
	c.generators[tp] = &generator{cfg: &c.cfg, name: name, seq: seq}
	c.order = append(c.order, tp)
}

// Remove stops a generator and waits for it. It does nothing if there is none.
func (c *Consumer) Remove(tp stream.TopicPartition) {
	if g := c.generators[tp]; g != nil {
		g.close()
		delete(c.generators, tp)
		c.order = slices.DeleteFunc(c.order, func(other stream.TopicPartition) bool { return other == tp })
	}
}

// Total returns how many values a generator has, once its sequence has ended.
func (c *Consumer) Total(tp stream.TopicPartition) (n int64, ended bool) {
	return c.generators[tp].total()
}

// Assign starts reading a partition, or goes on with the value of that number. A generator
// that has it still, goes on; otherwise its sequence runs again.
func (c *Consumer) Assign(tp stream.TopicPartition, offset int64) error {
	g := c.generators[tp]
	if g == nil {
		return c.Consumer.Assign(tp, offset)
	}
	if g.room == nil || offset < g.used.Load() || offset > g.made.Load() {
		g.close()
		g = &generator{cfg: &c.cfg, name: g.name, seq: g.seq}
		c.generators[tp] = g
		g.start(offset)
	}
	g.next, g.pending, g.reading = offset, -1, true
	return nil
}

// close stops the sequence if it was started.
func (g *generator) close() {
	if g.room != nil {
		g.stop()
	}
}

// Unassign stops reading a partition. The sequence of a generator keeps its place.
func (c *Consumer) Unassign(tp stream.TopicPartition) {
	if g := c.generators[tp]; g != nil {
		g.pending, g.reading = -1, false
		return
	}
	c.Consumer.Unassign(tp)
}

// Poll returns chunks of partitions and generators. It is an error if a sequence has
// panicked, once the values before that are processed.
func (c *Consumer) Poll() ([]stream.Chunk, error) {
	chunks, err := c.Consumer.Poll()
	if err != nil || len(c.generators) == 0 {
		return chunks, err
	}
	c.chunks = append(c.chunks[:0], chunks...)
	now := c.cfg.Now().UnixMilli()
	for _, tp := range c.order {
		g := c.generators[tp]
		over := g.over.Load() // before the last values are looked for
		if records := g.chunk(now); len(records) > 0 {
			c.chunks = append(c.chunks, stream.Chunk{TopicPartition: tp, Records: records, Next: g.pending})
		} else if over && g.reading && g.pending < 0 {
			if err := c.finished(g); err != nil {
				return nil, err
			}
		}
	}
	return c.chunks, nil
}

// finished looks at a sequence that has ended, and whose values are all processed.
func (c *Consumer) finished(g *generator) error {
	if g.err != nil {
		return fmt.Errorf("generator %s, after %d values: %w", g.name, g.yielded, g.err)
	}
	if g.yielded < g.skip {
		c.cfg.Logger.Warn("a generator has fewer values than were processed before: its sequence isn't the one that it was", "generator", g.name, "values", g.yielded, "processed", g.skip)
		g.skip = g.yielded // said once
	}
	return nil
}

// Release frees the slots of a chunk.
func (c *Consumer) Release(tp stream.TopicPartition) {
	if g := c.generators[tp]; g != nil {
		g.release()
		return
	}
	c.Consumer.Release(tp)
}

// End returns how many values the sequence of a generator has yielded.
func (c *Consumer) End(tp stream.TopicPartition) int64 {
	if g := c.generators[tp]; g != nil {
		return g.made.Load()
	}
	return c.Consumer.End(tp)
}

// Close stops all generators, and closes the consumer of the log.
func (c *Consumer) Close() error {
	for _, tp := range slices.Clone(c.order) {
		c.Remove(tp)
	}
	return c.Consumer.Close()
}
