package kafka

import (
	"fmt"

	"github.com/gretestream/grete/stream"
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
		chunk, ok, err := r.read(c.decoders.chunkBytes(len(c.assigned)))
		c.decoders.used(r, before)
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
		if r.decoder != nil || c.decoders.equip(r, len(c.assigned)) {
			c.due = append(c.due, r)
		} else if !denied { // the first one next time
			turn, denied = c.turn+i, true
		}
	}
	c.turn = turn
	c.pump()
	return nil
}

// finish gives back a block that has nothing more.
func (c *consumer) finish(r *reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.decoders.putBack(r)
	c.shift(r)
	c.wake()
}

// reread begins again with what couldn't be decoded.
func (c *consumer) reread(r *reading, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.empty(r)
	r.fetch = r.position
	c.recovery.refetch(r, err)
}
