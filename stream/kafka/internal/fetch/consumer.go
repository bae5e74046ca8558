package fetch

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Consumer fetches partitions from their leaders, one block of each ahead of what is
// being processed. It has no goroutines except those that wait for responses: every change
// of state calls pump, which sends the next requests.
//
// An eighth of the memory is for what arrives in patient sessions, five eighths are for
// everything else that arrives, and a quarter is for decoding.
type Consumer struct {
	client *cluster.Client
	link   link.Link
	ctx    context.Context // of all exchanges
	cancel context.CancelFunc
	ready  chan struct{}

	// The following fields belong to the caller's goroutine.
	chunks     []stream.Chunk
	due        []*cursor // have a chunk in this Poll
	lentChunks int       // chunks that are not released
	turn       int       // index of the first partition to get a decoder
	decoders   decoders
	closed     bool

	mu       sync.Mutex // guards the following fields, and those that say so
	stopped  bool       // closed
	byName   map[stream.TopicPartition]*cursor
	assigned []*cursor
	fetchers []*fetcher
	sessions []*session // of the fetchers
	starts   int64      // of requests
	answers  int64
	err      error // concerns all partitions
	budget   budget
	recovery recovery
	blocks   []*block // free
}

// Memory of a consumer: the default, and the minimum whatever is configured.
const (
	defaultMemory = 16 << 20
	minMemory     = 64 << 10
)

// New returns a consumer without partitions. A cfg.MaxBytes of 0 means 16 MiB.
func New(cl *cluster.Client, cfg stream.ConsumerConfig) *Consumer {
	c := &Consumer{
		client: cl,
		link:   cl.Link,
		ready:  make(chan struct{}, 1),
		byName: make(map[stream.TopicPartition]*cursor),
	}
	memory := cfg.MaxBytes
	if memory == 0 {
		memory = defaultMemory
	}
	memory = max(memory, minMemory)
	c.decoders.max = memory / 4
	c.budget = budget{consumer: c, max: memory, aside: memory / 8}
	c.budget.pool.max = memory - c.decoders.max - c.budget.aside
	c.recovery.consumer = c
	c.decoders.unpacker = new(batch.Decompressor)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Ready implements stream.Consumer.
func (c *Consumer) Ready() <-chan struct{} { return c.ready }

// wake signals Ready.
func (c *Consumer) wake() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// assignTimeout bounds how long Assign waits for the metadata of a topic.
const assignTimeout = 30 * time.Second

// Assign implements stream.Consumer.
func (c *Consumer) Assign(tp stream.TopicPartition, offset int64) error {
	if c.closed {
		return fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if offset < 0 {
		return fmt.Errorf("read %s: offset %d is negative", tp, offset)
	}
	if err := c.checkPartition(tp); err != nil {
		return fmt.Errorf("read %s: %w", tp, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := int64(-1)
	if old := c.byName[tp]; old != nil {
		end = old.stableEnd
		c.drop(old)
	}
	r := &cursor{TopicPartition: tp, position: offset, fetch: offset, stableEnd: end}
	c.byName[tp] = r
	c.assigned = append(c.assigned, r)
	if !c.follow(r) {
		c.recovery.retryLater(r, kerr.LeaderNotAvailable)
	}
	c.wake()
	return nil
}

// checkPartition returns an error unless the partition exists.
func (c *Consumer) checkPartition(tp stream.TopicPartition) error {
	known := c.client.Metadata
	if tp.Partition >= 0 && tp.Partition < known.Partitions(tp.Topic) {
		return nil
	}
	err := link.Retry(c.ctx, c.link, min(c.client.Patience, assignTimeout), func() error {
		return c.client.RefreshTopics(c.ctx, []string{tp.Topic})
	})
	if err != nil {
		return err
	}
	if n := known.Partitions(tp.Topic); tp.Partition < 0 || tp.Partition >= n {
		return fmt.Errorf("%w: the topic has %d partitions", stream.ErrUnknownTopic, n)
	}
	return nil
}

// Unassign implements stream.Consumer.
func (c *Consumer) Unassign(tp stream.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.byName[tp]; r != nil {
		c.drop(r)
		c.wake()
	}
}

// drop removes a cursor. The caller holds mu.
func (c *Consumer) drop(r *cursor) {
	r.unassigned = true
	delete(c.byName, r.TopicPartition)
	c.assigned = slices.DeleteFunc(c.assigned, func(other *cursor) bool { return other == r })
	if r.fetcher != nil {
		r.fetcher.remove(r)
	}
	c.discard(r)
}

// discard gives back a partition's memory, including a chunk that is lent. The caller
// holds mu.
func (c *Consumer) discard(r *cursor) {
	if r.lent {
		r.lent = false
		c.lentChunks--
	}
	c.decoders.release(r)
	for r.n > 0 {
		c.releaseBlock(r)
	}
}

// releaseBlock gives back the first block. The caller holds mu.
func (c *Consumer) releaseBlock(r *cursor) {
	b := r.blocks[0]
	c.budget.pool.put(b.buf)
	b.buf = nil
	c.blocks = append(c.blocks, b)
	r.n--
	r.blocks[0], r.blocks[1] = r.blocks[1], nil
	r.started, r.decoded = false, false
}

// Release implements stream.Consumer.
func (c *Consumer) Release(tp stream.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byName[tp]
	if r == nil || !r.lent {
		return
	}
	r.lent, r.corruptReads = false, 0
	c.lentChunks--
	if r.decoded {
		c.decoders.release(r)
		c.releaseBlock(r)
	}
	c.wake()
}

// endValidFor is how long the end of a partition is trusted after the broker has sent it.
// Partitions at their end are fetched twice a second.
const endValidFor = 3 * time.Second

// End implements stream.Consumer.
func (c *Consumer) End(tp stream.TopicPartition) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byName[tp]
	if r == nil || r.n == 0 && r.atEnd() && c.link.Now().Sub(r.endAsOf) > endValidFor {
		return -1
	}
	return r.stableEnd
}

// Close doesn't wait for requests in flight: they end with an error, and what they bring
// is ignored.
func (c *Consumer) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.cancel()
	for _, f := range c.fetchers {
		f.patient.end()
		f.eager.end()
	}
	c.byName, c.assigned, c.fetchers, c.sessions, c.chunks, c.due = nil, nil, nil, nil, nil, nil
	c.blocks, c.budget.pool, c.decoders = nil, pool{}, decoders{}
	return nil
}
