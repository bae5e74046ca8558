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
	for _, out := range stage.Outputs {
		w, err := x.producer.Writer(out.Topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", out.Topic, err)
		}
		t.AddOutput(w)
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
	t := &task{stage: x.cfg.Stage, changelogs: make([]int64, len(x.cfg.Stage.Stores))}
	t.counts = newCounts(x.cfg.Stage, id, x.cfg.Now().UnixMilli())
	t.Init(x.loop, id, t.counts)
	x.counts.Tasks = append(x.counts.Tasks, t.counts)
	return t
}

// closeTasks closes what tasks have open, and drops their counters.
func closeTasks(counts *metrics.Loop, tasks []*task) error {
	var errs []error
	for _, t := range tasks {
		counts.Tasks = slices.DeleteFunc(counts.Tasks, func(m *metrics.Task) bool { return m == t.counts })
		if t.Logic != nil {
			errs = append(errs, t.Logic.Close())
		}
		if t.State != nil {
			errs = append(errs, t.State.Close())
		}
	}
	return errors.Join(errs...)
}
