package container

import (
	"fmt"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// newTask makes a task with its outputs and changelogs. Its state and its inputs are
// still to come.
func (c *Container) newTask(id int32) (*task, error) {
	stage := c.cfg.Stage
	t := c.countedTask(id)
	t.sentMarks = make([]stream.Mark, len(stage.Outputs))
	for i := range t.sentMarks {
		t.sentMarks[i] = stream.Mark{Task: id, Watermark: stream.NoTime}
	}
	for i, out := range stage.Outputs {
		w, err := c.producer.Writer(out.Topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", out.Topic, err)
		}
		t.outputs = append(t.outputs, &Output{writer: w, task: &t.Task, now: &c.now, counts: t.counts.Outputs[i]})
	}
	for _, topic := range meta.ChangelogTopics(c.cfg.Stage) {
		w, err := c.producer.Writer(topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", topic, err)
		}
		t.logs = append(t.logs, w)
	}
	return t, nil
}

// countedTask makes a task that has nothing yet but its counters, which are shown from
// now on.
func (c *Container) countedTask(id int32) *task {
	t := &task{Task: Task{ID: id, stage: c.cfg.Stage}, changelogs: make([]int64, len(c.cfg.Stage.Stores))}
	t.wake, t.run, t.clock, t.logger = &wakeup{loop: c.woken}, c.cfg.Go, &c.now, c.cfg.Logger
	t.counts = newCounts(t, c.cfg.Now().UnixMilli())
	c.counts.Tasks = append(c.counts.Tasks, t.counts)
	return t
}
