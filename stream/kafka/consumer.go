package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A consumer fetches partitions from their leaders, a block of each ahead of what
// is being processed. It has no goroutine of its own but those in which requests
// are under way: whoever changes something calls pump, which starts the next.
//
// An eighth of its memory is for what arrives in patient lanes, five eighths are for
// all else that arrives, and a quarter is for what is decoded from it.
type consumer struct {
	client *client
	link   Link
	ctx    context.Context // of all exchanges
	cancel context.CancelFunc
	ready  chan struct{}

	// What follows belongs to the caller's goroutine.
	chunks   []stream.Chunk
	due      []*reading // with a chunk in this Poll
	out      int        // chunks that are out
	turn     int        // the first of the assigned to get a decoder
	decoders decoders
	closed   bool

	mu       sync.Mutex // guards what follows, and what is said to be guarded by it
	over     bool       // closed
	byName   map[stream.TopicPartition]*reading
	assigned []*reading
	fetchers []*fetcher
	starts   int64 // of requests in eager lanes
	answers  int64
	err      error // of all partitions
	budget   budget
	recovery recovery
	blocks   []*block // to be used again
}

// minMemory is the least that a consumer works with, whatever it is told.
const (
	defaultMemory = 16 << 20
	minMemory     = 64 << 10
)

func newConsumer(cl *client, cfg stream.ConsumerConfig) *consumer {
	c := &consumer{
		client: cl,
		link:   cl.link,
		ready:  make(chan struct{}, 1),
		byName: make(map[stream.TopicPartition]*reading),
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

func (c *consumer) Ready() <-chan struct{} { return c.ready }

func (c *consumer) wake() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// assignTimeout bounds how long Assign waits to hear of a topic.
const assignTimeout = 30 * time.Second

func (c *consumer) Assign(tp stream.TopicPartition, offset int64) error {
	if c.closed {
		return fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if offset < 0 {
		return fmt.Errorf("read %s: offset %d is negative", tp, offset)
	}
	if err := c.look(tp); err != nil {
		return fmt.Errorf("read %s: %w", tp, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := int64(-1)
	if old := c.byName[tp]; old != nil {
		end = old.end
		c.drop(old)
	}
	r := &reading{TopicPartition: tp, position: offset, fetch: offset, end: end}
	c.byName[tp] = r
	c.assigned = append(c.assigned, r)
	if !c.follow(r) {
		c.recovery.trouble(r, leaderNotAvailable)
	}
	c.wake()
	return nil
}

// look makes sure that the partition exists.
func (c *consumer) look(tp stream.TopicPartition) error {
	known := c.client.cluster
	if tp.Partition >= 0 && tp.Partition < known.partitions(tp.Topic) {
		return nil
	}
	err := retry(c.ctx, c.link, min(c.client.patience, assignTimeout), func() error {
		return c.client.refreshAll(c.ctx, []string{tp.Topic})
	})
	if err != nil {
		return err
	}
	if n := known.partitions(tp.Topic); tp.Partition < 0 || tp.Partition >= n {
		return fmt.Errorf("%w: the topic has %d partitions", stream.ErrUnknownTopic, n)
	}
	return nil
}

func (c *consumer) Unassign(tp stream.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.byName[tp]; r != nil {
		c.drop(r)
		c.wake()
	}
}

// drop ends a reading. The caller holds mu.
func (c *consumer) drop(r *reading) {
	r.over = true
	delete(c.byName, r.TopicPartition)
	c.assigned = slices.DeleteFunc(c.assigned, func(other *reading) bool { return other == r })
	if r.fetcher != nil {
		r.fetcher.remove(r)
	}
	c.empty(r)
}

// empty gives back all that is in memory of a partition, also what is out. The
// caller holds mu.
func (c *consumer) empty(r *reading) {
	if r.out {
		r.out = false
		c.out--
	}
	c.decoders.putBack(r)
	for r.n > 0 {
		c.shift(r)
	}
}

// shift gives the first block back. The caller holds mu.
func (c *consumer) shift(r *reading) {
	b := r.blocks[0]
	c.budget.pool.put(b.buf)
	b.buf = nil
	c.blocks = append(c.blocks, b)
	r.n--
	r.blocks[0], r.blocks[1] = r.blocks[1], nil
	r.begun, r.done = false, false
}

func (c *consumer) Release(tp stream.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byName[tp]
	if r == nil || !r.out {
		return
	}
	r.out, r.damaged = false, 0
	c.out--
	if r.done {
		c.decoders.putBack(r)
		c.shift(r)
	}
	c.wake()
}

// knownFor is how long a partition that was read to its end is taken to have no more,
// after the broker was asked. It is asked twice a second.
const knownFor = 3 * time.Second

func (c *consumer) End(tp stream.TopicPartition) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byName[tp]
	if r == nil || r.n == 0 && r.atEnd() && c.link.Now().Sub(r.asOf) > knownFor {
		return -1
	}
	return r.end
}

// Close doesn't wait for the requests under way: they end with an error, and
// nobody looks at what they bring.
func (c *consumer) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.cancel()
	for _, f := range c.fetchers {
		f.patient.end()
		f.eager.end()
	}
	c.byName, c.assigned, c.fetchers, c.chunks, c.due = nil, nil, nil, nil, nil
	c.blocks, c.budget.pool, c.decoders = nil, pool{}, decoders{}
	return nil
}
