package loop

import (
	"github.com/gretestream/grete/stream"
)

// producerMarks is how far the tasks that write a repartition topic are, by their control
// messages in one partition of it.
type producerMarks struct {
	epoch int64
	marks []stream.Mark // by task
}

func newProducerMarks(tasks int32) *producerMarks {
	m := &producerMarks{}
	m.reset(0, tasks)
	return m
}

func (m *producerMarks) reset(epoch int64, tasks int32) {
	m.epoch = epoch
	m.marks = make([]stream.Mark, tasks)
	for i := range m.marks {
		m.marks[i] = stream.Mark{Task: int32(i), Watermark: stream.NoTime}
	}
}

// apply takes in a control message. Marks of an earlier epoch come from containers of a
// previous plan, and don't count any more.
func (m *producerMarks) apply(c stream.Control) {
	if c.Epoch < m.epoch {
		return
	}
	if c.Epoch > m.epoch || int(c.Tasks) != len(m.marks) {
		m.reset(c.Epoch, c.Tasks)
	}
	for _, mark := range c.Marks {
		old := &m.marks[mark.Task]
		// After a restart, a task may know less than before.
		mark.Watermark = max(mark.Watermark, old.Watermark)
		*old = mark
	}
}

// watermark is the least of all tasks that aren't idle; IdleTime if all are.
func (m *producerMarks) watermark() int64 {
	least := int64(IdleTime)
	for i := range m.marks {
		if !m.marks[i].Idle && m.marks[i].Watermark < least {
			least = m.marks[i].Watermark
		}
	}
	return least
}

// ended reports whether all tasks have come to the end of the bounded run.
func (m *producerMarks) ended(run int64) bool {
	for i := range m.marks {
		if m.marks[i].Ended != run {
			return false
		}
	}
	return run != 0
}

// refreshMarks derives the partition's watermark from its producers' marks. run is the id
// of the bounded run.
func (p *partition) refreshMarks(run int64) {
	w := p.marks.watermark()
	p.idle = w == IdleTime
	if !p.idle {
		p.watermark = max(p.watermark, w)
	}
	if p.marks.ended(run) {
		p.ended = true
	}
	p.source.SetWatermark(p.effectiveWatermark())
	p.task.Moved = true
}
