package fetch

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// Poll implements stream.Consumer.
func (c *Consumer) Poll() ([]stream.Chunk, error) {
	if c.closed {
		return nil, fmt.Errorf("consumer: %w", stream.ErrClosed)
	}
	if err := c.choose(); err != nil {
		return nil, err
	}
	c.chunks = c.chunks[:0]
	for _, r := range c.due {
		chunk, ok, err := c.decode(r)
		switch {
		case err == nil && !ok && r.starved: // until another one has released its memory
		case err != nil:
			c.reread(r, err)
		case ok:
			c.chunks = append(c.chunks, chunk)
			r.lent = true
			c.lentChunks++
		default: // the rest of the block had no records
			c.finish(r)
		}
	}
	return c.chunks, nil
}

// decode decodes the next chunk of a partition, within the memory that there is.
func (c *Consumer) decode(r *cursor) (chunk stream.Chunk, ok bool, err error) {
	for {
		before := r.decoder.memory()
		r.decoder.Budget = c.decoders.budget(r)
		chunk, ok, err = r.read(c.decoders.chunkBytes(len(c.assigned)))
		c.decoders.resized(r, before)
		if ok || err != nil || !c.decoders.starve(r) {
			return chunk, ok, err
		}
	}
}

// choose finds the partitions to take a chunk of, as far as there is memory for decoding,
// and sends the next requests.
func (c *Consumer) choose() error {
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
		if r.lent || r.n == 0 || c.decoders.waits(r) {
			continue
		}
		if r.decoder == nil && !denied {
			turn = c.turn + i + 1
		}
		if r.decoder != nil || c.decoders.assign(r, len(c.assigned)) {
			c.due = append(c.due, r)
		} else if !denied { // the first one next time
			turn, denied = c.turn+i, true
		}
	}
	c.turn = turn
	c.pump()
	return nil
}

// finish gives back a block without further records.
func (c *Consumer) finish(r *cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.decoders.release(r)
	c.releaseBlock(r)
	c.wake()
}

// reread fetches again what could not be decoded.
func (c *Consumer) reread(r *cursor, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.discard(r)
	r.fetch = r.position
	if unreadable := (*stream.UnreadableError)(nil); errors.As(err, &unreadable) {
		r.request = nil // the request in flight is of no use
		c.recovery.stop(r, err)
		return
	}
	c.recovery.refetch(r, err)
}
