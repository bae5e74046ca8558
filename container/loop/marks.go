package loop

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// producerMarks is how far the tasks that write a repartition topic are, by their control
// messages in one partition of it.
type producerMarks struct {
	epoch int64
	tasks int32
	marks []stream.Mark // of the tasks that have sent one, ascending
	most  int32         // bounds tasks
}

// newProducerMarks returns the marks of tasks that have sent none.
func newProducerMarks(tasks int32) *producerMarks {
	return &producerMarks{tasks: tasks, most: max(tasks, scheduler.MaxPartitions)}
}

// resume takes in the marks of a meta record. Earlier versions of Grete have written those
// of all tasks, whether they had sent any or not.
func (m *producerMarks) resume(in *meta.Input) {
	tasks := in.Tasks
	if tasks == 0 {
		tasks = int32(len(in.Marks))
	}
	if tasks == 0 || tasks > m.most {
		return
	}
	m.epoch, m.tasks, m.marks = in.Epoch, tasks, nil
	for _, mark := range in.Marks {
		if mark.Task >= 0 && mark.Task < tasks && mark != unsent(mark.Task) {
			*m.of(mark.Task) = mark
		}
	}
}

// unsent is the mark of a task that has sent none.
func unsent(task int32) stream.Mark { return stream.Mark{Task: task, Watermark: stream.NoTime} }

// of returns the mark of a task, which it adds if the task has sent none before.
func (m *producerMarks) of(task int32) *stream.Mark {
	i, found := slices.BinarySearchFunc(m.marks, task, func(mark stream.Mark, task int32) int { return cmp.Compare(mark.Task, task) })
	if !found {
		m.marks = slices.Insert(m.marks, i, unsent(task))
	}
	return &m.marks[i]
}

// apply takes in a control message. Marks of an earlier epoch come from containers of a
// previous plan, and don't count any more.
func (m *producerMarks) apply(c stream.Control) {
	if c.Epoch < m.epoch {
		return
	}
	if c.Epoch > m.epoch || c.Tasks != m.tasks {
		m.epoch, m.tasks, m.marks = c.Epoch, c.Tasks, nil
	}
	for _, mark := range c.Marks {
		old := m.of(mark.Task)
		// After a restart, a task may know less than before.
		mark.Watermark = max(mark.Watermark, old.Watermark)
		*old = mark
	}
}

// complete reports whether all tasks have sent a mark.
func (m *producerMarks) complete() bool { return len(m.marks) == int(m.tasks) }

// watermark is the least of all tasks that aren't idle; IdleTime if all are.
func (m *producerMarks) watermark() int64 {
	if !m.complete() {
		return stream.NoTime
	}
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
	return run != 0 && m.complete()
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
