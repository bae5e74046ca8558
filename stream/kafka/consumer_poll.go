package kafka

import (
	"fmt"

	"github.com/gretestream/grete/stream"
)

// Sizes of what a consumer hands out of a partition at once.
const (
	maxChunkRecords = 2048
	minChunkRecords = 64
	maxChunkBytes   = 256 << 10
	minChunkBytes   = 4 << 10
)

func (c *consumer) Poll() ([]stream.Chunk, error) {
	if c.closed {
		return nil, fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if err := c.choose(); err != nil {
		return nil, err
	}
	c.chunks = c.chunks[:0]
	for _, r := range c.due {
		before := r.decoder.bytes()
		chunk, ok, err := r.read(c.chunkBytes())
		c.decoders.held += r.decoder.bytes() - before
		r.unpacked = r.decoder.Memory()
		if c.lent == nil && r.decoder.bytes() > c.decoders.max/2 { // larger than expected
			c.lent = r
		}
		switch {
		case err != nil:
			c.reread(r, err)
		case ok:
			c.chunks = append(c.chunks, chunk)
			r.out = true
			c.out++
		default: // the rest of the block had nothing
			c.finish(r)
		}
	}
	return c.chunks, nil
}

// choose finds the partitions to take a chunk of, as far as there is memory, and
// starts what can be fetched meanwhile.
func (c *consumer) choose() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = c.due[:0]
	if err := c.err; err != nil {
		c.err = nil
		return err
	}
	turn, denied := c.turn, false
	for i := range c.assigned {
		r := c.assigned[(c.turn+i)%len(c.assigned)]
		if r.n == 0 && r.err != nil {
			err := r.err
			r.err = nil
			return err
		}
		if r.out || r.n == 0 {
			continue
		}
		if r.decoder == nil && !denied {
			turn = c.turn + i + 1
		}
		if r.decoder != nil || c.equip(r) {
			c.due = append(c.due, r)
		} else if !denied { // the first one next time
			turn, denied = c.turn+i, true
		}
	}
	c.turn = turn
	c.pump()
	return nil
}

// equip gives the partition a decoder. It reports false where memory is short: then
// a Release makes room. One partition at a time may get a large one beside all others,
// or it might wait for them for ever.
func (c *consumer) equip(r *reading) bool {
	records := c.chunkRecords()
	need := int64(records) * recordBytes
	if b := r.blocks[0]; b.packed {
		need += max(r.unpacked, usualRatio*int64(b.largest))
	}
	held := c.decoders.held
	if c.lent != nil {
		held -= c.lent.decoder.bytes()
	}
	if held+need > c.decoders.max {
		if need <= c.decoders.max/2 || c.lent != nil {
			return false
		}
		c.lent = r
	}
	r.decoder = c.decoders.take(records)
	return true
}

func (c *consumer) putDecoder(r *reading) {
	c.decoders.put(r.decoder)
	r.decoder = nil
	if c.lent == r {
		c.lent = nil
	}
}

// usualRatio is how much larger a batch is when it is unpacked, as far as nothing is
// known.
const usualRatio = 4

// Half of the decoders' memory is for records, half for what is unpacked.
func (c *consumer) chunkRecords() int {
	n := c.decoders.max / 2 / recordBytes / int64(len(c.assigned))
	return int(min(max(n, minChunkRecords), maxChunkRecords))
}

func (c *consumer) chunkBytes() int64 {
	return min(max(c.decoders.max/2/int64(len(c.assigned)), minChunkBytes), maxChunkBytes)
}

// finish gives back a block that has nothing more.
func (c *consumer) finish(r *reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putDecoder(r)
	c.shift(r)
	c.wake()
}

// reread begins again with what couldn't be decoded.
func (c *consumer) reread(r *reading, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.empty(r)
	r.fetch = r.position
	c.refetch(r, err)
}
