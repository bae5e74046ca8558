package container

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// newTask makes a task with its outputs and changelogs. Its state and its inputs are
// recovered later.
func (x *opener) newTask(id int32) (*task, error) {
	stage := x.cfg.Stage
	t := x.countedTask(id)
	t.sentMarks = make([]stream.Mark, len(stage.Outputs))
	for i := range t.sentMarks {
		t.sentMarks[i] = stream.Mark{Task: id, Watermark: stream.NoTime}
	}
	for i, out := range stage.Outputs {
		w, err := x.producer.Writer(out.Topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", out.Topic, err)
		}
		t.outputs = append(t.outputs, &Output{writer: w, task: &t.Task, now: &x.loop.now, counts: t.counts.Outputs[i]})
	}
	for _, topic := range meta.ChangelogTopics(x.cfg.Stage) {
		w, err := x.producer.Writer(topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", topic, err)
		}
		t.logs = append(t.logs, w)
	}
	return t, nil
}

// countedTask makes a task that has only its counters, which are published from now on.
func (x *opener) countedTask(id int32) *task {
	t := &task{Task: Task{ID: id, cfg: x.cfg, stage: x.cfg.Stage}, changelogs: make([]int64, len(x.cfg.Stage.Stores))}
	t.wake, t.run, t.clock, t.logger = &wakeup{loop: x.woken}, x.cfg.Go, &x.loop.now, x.cfg.Logger
	t.counts = newCounts(t, x.cfg.Now().UnixMilli())
	x.counts.Tasks = append(x.counts.Tasks, t.counts)
	return t
}

// closeTasks closes what tasks have open, and drops their counters.
func closeTasks(counts *metrics.Loop, tasks []*task) error {
	var errs []error
	for _, t := range tasks {
		counts.Tasks = slices.DeleteFunc(counts.Tasks, func(m *metrics.Task) bool { return m == t.counts })
		if t.logic != nil {
			errs = append(errs, t.logic.Close())
		}
		if t.State != nil {
			errs = append(errs, t.State.Close())
		}
	}
	return errors.Join(errs...)
}
