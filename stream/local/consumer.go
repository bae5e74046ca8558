package local

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// Bounds of a partition's chunk.
const (
	maxChunkBytes   = 256 << 10
	minChunkBytes   = 16 << 10
	maxChunkRecords = 2048
	minChunkRecords = 64
)

// consumer reads its partitions in turn, each into its own block of memory.
type consumer struct {
	sys    *System
	max    int64 // bound of held
	held   int64 // bytes of the blocks in use
	free   []*block
	ready  chan struct{}
	closed bool

	assigned []*cursor // in the order of Assign
	byName   map[stream.TopicPartition]*cursor
	first    int // where the next Poll starts, so that no partition starves
	chunks   []stream.Chunk
	due      []*cursor
}

func (c *consumer) wake() { signal(c.ready) }

func (c *consumer) Ready() <-chan struct{} { return c.ready }

func (c *consumer) Assign(tp stream.TopicPartition, offset int64) error {
	if c.closed {
		return fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if offset < 0 {
		return fmt.Errorf("read %s: offset %d is negative", tp, offset)
	}
	if r := c.byName[tp]; r != nil {
		c.put(r)
		r.jump(offset)
		c.wake()
		return nil
	}
	s := c.sys
	s.visible.Lock()
	defer s.visible.Unlock()
	p, err := s.partition(tp)
	if err != nil {
		return fmt.Errorf("read %w", err)
	}
	p.readers[c] = struct{}{}
	r := &cursor{partition: p, offset: offset}
	if c.byName == nil {
		c.byName = make(map[stream.TopicPartition]*cursor)
	}
	c.byName[tp] = r
	c.assigned = append(c.assigned, r)
	c.wake()
	return nil
}

func (c *consumer) Unassign(tp stream.TopicPartition) {
	r := c.byName[tp]
	if r == nil {
		return
	}
	delete(c.byName, tp)
	c.assigned = slices.DeleteFunc(c.assigned, func(other *cursor) bool { return other == r })
	c.drop(r)
	c.wake()
}

// drop stops reading a partition.
func (c *consumer) drop(r *cursor) {
	c.put(r)
	r.leave()
	s := c.sys
	s.visible.Lock()
	defer s.visible.Unlock()
	delete(r.partition.readers, c)
}

func (c *consumer) Release(tp stream.TopicPartition) {
	r := c.byName[tp]
	if r == nil || !r.out {
		return
	}
	r.out = false
	if r.block.done {
		c.put(r)
	}
	c.wake()
}

// put returns a partition's block to the free list.
func (c *consumer) put(r *cursor) {
	r.out = false
	if r.block == nil {
		return
	}
	c.held -= r.block.bytes()
	if cap(r.block.buf) <= maxChunkBytes {
		c.free = append(c.free, r.block)
	}
	r.block = nil
}

func (c *consumer) End(tp stream.TopicPartition) int64 {
	r := c.byName[tp]
	if r == nil {
		return -1
	}
	c.sys.visible.RLock()
	defer c.sys.visible.RUnlock()
	return r.partition.end
}

func (c *consumer) Poll() ([]stream.Chunk, error) {
	if c.closed {
		return nil, fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if err := c.look(); err != nil {
		return nil, err
	}
	c.chunks = c.chunks[:0]
	for i := range c.due {
		r := c.due[(c.first+i)%len(c.due)]
		ok, err := c.read(r)
		if err != nil {
			c.takeBack()
			return nil, fmt.Errorf("read %w", err)
		}
		if ok {
			c.chunks = append(c.chunks, stream.Chunk{TopicPartition: r.partition.tp, Records: r.block.chunk(), Next: r.offset})
			r.out = true
		}
	}
	c.first++
	return c.chunks, nil
}

// look sets due to the partitions that have something to read. It sees all of them
// at the same moment.
func (c *consumer) look() error {
	s := c.sys
	s.visible.RLock()
	defer s.visible.RUnlock()
	if err := s.checkOpen(); err != nil {
		return err
	}
	c.due = c.due[:0]
	for _, r := range c.assigned {
		if r.out {
			continue
		}
		due, err := r.look()
		if err != nil {
			return err
		}
		if due {
			c.due = append(c.due, r)
		}
	}
	return nil
}

// takeBack undoes the reads of a Poll that failed later, so that the next Poll
// repeats them.
func (c *consumer) takeBack() {
	for _, chunk := range c.chunks {
		r := c.byName[chunk.TopicPartition]
		c.put(r)
		r.jump(r.before)
	}
}

// chunkSize returns the bounds of a partition's chunk: half of its share of the
// memory is for bytes and half for records. All partitions can then have a chunk
// out at the same time.
func (c *consumer) chunkSize() (bytes int64, records int) {
	bytes = c.max / int64(2*len(c.assigned))
	bytes = min(max(bytes, minChunkBytes), maxChunkBytes)
	records = int(bytes / recordBytes)
	return bytes, min(max(records, minChunkRecords), maxChunkRecords)
}

// read reads a partition's next chunk. It returns false if there isn't enough
// memory now.
func (c *consumer) read(r *cursor) (bool, error) {
	r.before = r.offset
	size, records := c.chunkSize()
	if r.block == nil && c.held > 0 && c.held+2*size > c.max {
		return false, nil
	}
	if r.block == nil {
		r.block = c.take()
	}
	c.held -= r.block.bytes()
	room := c.max - c.held
	if c.held == 0 {
		room = maxRoom
	}
	ok, err := r.fill(size, room, records)
	c.held += r.block.bytes()
	if err != nil {
		c.put(r)
		r.jump(r.before)
		return false, err
	}
	if !ok {
		c.put(r)
	}
	return ok, nil
}

// maxRoom is the bound when no other chunk is held, so that a record of any size
// gets through.
const maxRoom = 1 << 40

func (c *consumer) take() *block {
	if n := len(c.free); n > 0 {
		b := c.free[n-1]
		c.free = c.free[:n-1]
		c.held += b.bytes()
		b.buf, b.n, b.done = b.buf[:0], 0, false
		return b
	}
	return new(block)
}

func (c *consumer) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	for _, r := range c.assigned {
		c.drop(r)
	}
	c.assigned, c.byName, c.free, c.chunks = nil, nil, nil, nil
	return nil
}
