package memory

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// maxRecords bounds a chunk.
const maxRecords = 1000

type consumer struct {
	sys      *System
	max      int64
	held     int64
	ready    chan struct{}
	closed   bool
	assigned []*cursor // in the order of Assign
	first    int       // where the next Poll starts, so that no partition starves
	chunks   []stream.Chunk
}

// cursor is the position in an assigned partition.
type cursor struct {
	tp     stream.TopicPartition
	offset int64
	out    bool // the caller holds a chunk
	buf    []byte
	recs   []stream.Record
}

func (c *consumer) wake() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *consumer) find(tp stream.TopicPartition) int {
	return slices.IndexFunc(c.assigned, func(r *cursor) bool { return r.tp == tp })
}

func (c *consumer) Assign(tp stream.TopicPartition, offset int64) error {
	if c.closed {
		return stream.ErrClosed
	}
	if offset < 0 {
		return fmt.Errorf("read %s: offset %d is negative", tp, offset)
	}
	c.sys.mu.Lock()
	_, err := c.sys.partition(tp)
	c.sys.mu.Unlock()
	if err != nil {
		return fmt.Errorf("read %w", err)
	}
	if i := c.find(tp); i >= 0 {
		c.takeBack(c.assigned[i])
		c.assigned[i].offset = offset
	} else {
		c.assigned = append(c.assigned, &cursor{tp: tp, offset: offset})
	}
	c.wake()
	return nil
}

func (c *consumer) Unassign(tp stream.TopicPartition) {
	if i := c.find(tp); i >= 0 {
		c.takeBack(c.assigned[i])
		c.assigned = slices.Delete(c.assigned, i, i+1)
		c.wake()
	}
}

func (c *consumer) Release(tp stream.TopicPartition) {
	if i := c.find(tp); i >= 0 {
		c.takeBack(c.assigned[i])
		c.wake()
	}
}

// takeBack takes back a partition's chunk and overwrites its memory.
func (c *consumer) takeBack(r *cursor) {
	if !r.out {
		return
	}
	r.out = false
	c.held -= int64(len(r.buf))
	for i := range r.buf {
		r.buf[i] = 0xDB
	}
	clear(r.recs)
}

func (c *consumer) Ready() <-chan struct{} { return c.ready }

func (c *consumer) End(tp stream.TopicPartition) int64 {
	if c.find(tp) < 0 {
		return -1
	}
	c.sys.mu.Lock()
	defer c.sys.mu.Unlock()
	p, err := c.sys.partition(tp)
	if err != nil {
		return -1
	}
	return p.shown
}

func (c *consumer) Poll() ([]stream.Chunk, error) {
	if c.closed {
		return nil, stream.ErrClosed
	}
	c.sys.mu.Lock()
	defer c.sys.mu.Unlock()
	if c.sys.closed {
		return nil, stream.ErrClosed
	}
	for _, r := range c.assigned {
		if p, err := c.sys.partition(r.tp); err != nil {
			return nil, err
		} else if !r.out && (r.offset < p.start || r.offset > p.end()) {
			return nil, &stream.OffsetOutOfRangeError{TopicPartition: r.tp, Offset: r.offset, Start: p.start, End: p.shown}
		}
	}
	c.chunks = c.chunks[:0]
	for i := range c.assigned {
		r := c.assigned[(c.first+i)%len(c.assigned)]
		p, _ := c.sys.partition(r.tp)
		if end := c.sys.look(p); !r.out && r.offset < end {
			c.read(r, p, end)
		}
	}
	c.first++
	return c.chunks, nil
}

// read hands out a partition's next records before end, as far as memory allows.
func (c *consumer) read(r *cursor, p *partition, end int64) {
	from := p.records[r.offset-p.start : end-p.start]
	n, size := 0, int64(0)
	for n < len(from) && n < maxRecords {
		s := sizeOf(&from[n].Record)
		if c.held+size+s > c.max && c.held+size > 0 {
			break
		}
		size += s
		n++
	}
	if n == 0 {
		return
	}
	r.buf = slices.Grow(r.buf[:0], int(size))
	r.recs = r.recs[:0]
	for i := range from[:n] {
		if !from[i].marker {
			r.recs = append(r.recs, r.copy(&from[i].Record))
		}
	}
	r.out = true
	r.offset += int64(n)
	c.held += int64(len(r.buf))
	c.chunks = append(c.chunks, stream.Chunk{TopicPartition: r.tp, Records: r.recs, Next: r.offset})
}

// copy copies a record into the buffer, which has enough room.
func (r *cursor) copy(rec *stream.Record) stream.Record {
	c := *rec
	c.Key, c.Value = r.keep(rec.Key), r.keep(rec.Value)
	c.Headers = slices.Clone(rec.Headers)
	for i := range c.Headers {
		c.Headers[i].Value = r.keep(c.Headers[i].Value)
	}
	return c
}

func (r *cursor) keep(p []byte) []byte {
	if p == nil {
		return nil
	}
	at := len(r.buf)
	r.buf = append(r.buf, p...)
	return r.buf[at:len(r.buf):len(r.buf)]
}

func (c *consumer) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.assigned = nil
	c.sys.mu.Lock()
	defer c.sys.mu.Unlock()
	delete(c.sys.consumers, c)
	return nil
}
