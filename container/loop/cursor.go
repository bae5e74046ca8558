package loop

import (
	"slices"

	"github.com/gretestream/grete/stream"
)

// A cursor is where the consumer reads a partition: for one task, or, if the input is
// broadcast, for all tasks of the container at once. The next chunk is read when each of
// them has used up the last one.
type cursor struct {
	stream.TopicPartition
	readers []*partition // of different tasks
	out     int          // readers that haven't used up the chunk
}

// join lets a task read its partition.
func (in *Inputs) join(p *partition) error {
	c := in.cursors[p.TopicPartition]
	if c == nil {
		c = &cursor{TopicPartition: p.TopicPartition}
		in.cursors[p.TopicPartition] = c
	}
	p.cursor, c.readers = c, append(c.readers, p)
	return in.restart(c)
}

// leave is the reverse of join.
func (in *Inputs) leave(p *partition) {
	c := p.cursor
	if c.readers = slices.DeleteFunc(c.readers, func(q *partition) bool { return q == p }); len(c.readers) == 0 {
		in.consumer.Unassign(p.TopicPartition)
		in.consumer.Remove(p.TopicPartition)
		delete(in.cursors, p.TopicPartition)
	} else if p.out {
		in.release(p)
	}
}

// restart reads from the first position that one of the readers needs. Those that are
// ahead of it ignore the records before their own.
func (in *Inputs) restart(c *cursor) error {
	at := int64(-1)
	for _, p := range c.readers {
		in.chooser.remove(p)
		p.drop()
		if !p.unread(in.holding) && (at < 0 || p.position < at) {
			at = p.position
		}
	}
	c.out = 0
	if at < 0 {
		in.consumer.Unassign(c.TopicPartition)
		return nil
	}
	return in.consumer.Assign(c.TopicPartition, at)
}

// unread reports whether an input of the job isn't read: it is held, or has ended.
func (p *partition) unread(holding bool) bool { return p.fromOutside() && (holding || p.ended) }

// share gives a chunk to all readers.
func (in *Inputs) share(c *cursor, chunk stream.Chunk) {
	for _, p := range c.readers {
		if !p.unread(in.holding) {
			p.take(chunk)
			c.out++
		}
	}
}

// release says that a reader has used up the chunk.
func (in *Inputs) release(p *partition) {
	p.out = false
	if p.cursor.out--; p.cursor.out == 0 {
		in.consumer.Release(p.TopicPartition)
	}
}

// end stops reading for a task whose bounded run of the partition is over.
func (in *Inputs) end(p *partition) {
	p.ended = true
	if !slices.ContainsFunc(p.cursor.readers, func(q *partition) bool { return !q.ended }) {
		in.consumer.Unassign(p.TopicPartition)
	}
}

// outOfRange continues elsewhere with an input whose next record doesn't exist any more.
func (in *Inputs) outOfRange(e *stream.OffsetOutOfRangeError) error {
	c := in.cursors[e.TopicPartition]
	if c == nil {
		return e
	}
	if c.out > 0 {
		return nil // the records that were read come first
	}
	to, err := in.cfg.Elsewhere(c.readers[0].input, e)
	if err != nil {
		return err
	}
	for _, p := range c.readers {
		if p.position == e.Offset || p.position < e.Start || p.position > e.End {
			p.counts.OutOfRange++
			p.position, p.task.Moved = to, true
		}
	}
	return in.restart(c)
}
