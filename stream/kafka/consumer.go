package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A consumer fetches partitions from their leaders, a block of each ahead of what
// is being processed. It has no goroutine of its own but those in which requests
// are under way: whoever changes something calls pump, which starts the next.
//
// An eighth of its memory is for what arrives in patient lanes, five eighths are for
// all else that arrives, and a quarter is for what is decoded from it.
type consumer struct {
	system *System
	link   Link
	ctx    context.Context // of all exchanges
	cancel context.CancelFunc
	ready  chan struct{}
	max    int64
	aside  int64 // of it, for the answers in patient lanes

	// What follows belongs to the caller's goroutine.
	chunks   []stream.Chunk
	due      []*reading // with a chunk in this Poll
	out      int        // chunks that are out
	turn     int        // the first of the assigned to get a decoder
	lent     *reading   // has a decoder larger than half of what there is
	decoders decoders
	closed   bool

	mu       sync.Mutex // guards what follows, and what is said to be guarded by it
	over     bool       // closed
	byName   map[stream.TopicPartition]*reading
	assigned []*reading
	fetchers []*fetcher
	starts   int64 // of requests in eager lanes
	answers  int64
	usual    int   // bytes of a large batch lately
	err      error // of all partitions
	pool     pool
	blocks   []*block // to be used again
	mending  bool     // mend runs
	locating bool     // locate runs
}

// minMemory is the least that a consumer works with, whatever it is told.
const (
	defaultMemory = 16 << 20
	minMemory     = 64 << 10
)

func newConsumer(s *System, cfg stream.ConsumerConfig) *consumer {
	c := &consumer{
		system: s,
		link:   s.link,
		ready:  make(chan struct{}, 1),
		byName: make(map[stream.TopicPartition]*reading),
		max:    cfg.MaxBytes,
	}
	if c.max == 0 {
		c.max = defaultMemory
	}
	c.max = max(c.max, minMemory)
	c.decoders.max = c.max / 4
	c.aside = c.max / 8
	c.pool.max = c.max - c.decoders.max - c.aside
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
		c.trouble(r, leaderNotAvailable)
	}
	c.wake()
	return nil
}

// look makes sure that the partition exists.
func (c *consumer) look(tp stream.TopicPartition) error {
	known := c.system.cluster
	if tp.Partition >= 0 && tp.Partition < known.partitions(tp.Topic) {
		return nil
	}
	err := retry(c.ctx, c.link, min(c.system.patience, assignTimeout), func() error {
		return c.system.refreshAll(c.ctx, []string{tp.Topic})
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
	c.putDecoder(r)
	for r.n > 0 {
		c.shift(r)
	}
}

// shift gives the first block back. The caller holds mu.
func (c *consumer) shift(r *reading) {
	b := r.blocks[0]
	c.pool.put(b.buf)
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
		c.putDecoder(r)
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
		c.endSession(&f.patient)
		c.endSession(&f.eager)
	}
	c.byName, c.assigned, c.fetchers, c.chunks, c.due = nil, nil, nil, nil, nil
	c.blocks, c.pool, c.decoders = nil, pool{}, decoders{}
	return nil
}

// sessionTimeout is for telling a broker that a session isn't needed any more. It
// would find out by itself.
const sessionTimeout = time.Second

func (c *consumer) endSession(l *lane) {
	f := &wire.Fetch{Take: func(n int) []byte { return make([]byte, n) }}
	if l.underway != nil || !l.session.close(f) {
		return
	}
	node := l.fetcher.node
	c.link.Run(func() {
		if _, err := c.link.Exchange(context.Background(), node, f, sessionTimeout); err != nil && !errors.Is(err, stream.ErrClosed) {
			c.system.log.Debug("a fetch session is left to expire", "broker", node, "error", err)
		}
	})
}
