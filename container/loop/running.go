package loop

import (
	"cmp"
	"errors"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Running is a task with its operators and its inputs.
type Running struct {
	Task
	Logic Logic // nil until Build
	// Moved means that something has happened since the last commit. The loop sets it.
	Moved bool
	// Ended means that all inputs have ended and everything is closed.
	Ended bool

	partitions []*partition
	pending    bool // Advance or End has more to do
	stopped    bool // its inputs are kept back, as the operators have asked
	// bootstrapping means that only its bootstrap inputs are read.
	bootstrapping bool
	awaited       awaited
}

// Init makes a task of the loop, which [Loop.Add] adds when it is recovered.
func (t *Running) Init(l *Loop, id int32, counts *metrics.Task) {
	t.ID, t.loop, t.stage, t.counts = id, l, l.cfg.Stage, counts
}

// AddOutput gives the task the writer of the stage's next output.
func (t *Running) AddOutput(w stream.Writer) {
	t.outputs = append(t.outputs, &Output{writer: w, task: &t.Task, counts: t.counts.Outputs[len(t.outputs)]})
}

// Add adds a task to those that run. Then its operators are to be built, and its inputs
// attached.
func (l *Loop) Add(t *Running) {
	l.Tasks = append(slices.Clone(l.Tasks), t)
	slices.SortFunc(l.Tasks, func(a, b *Running) int { return cmp.Compare(a.ID, b.ID) })
}

// Build makes the operators of a task whose state is recovered. marks are the watermarks that
// they had reached at the last commit.
func (t *Running) Build(p Program, marks map[string]int64) (err error) {
	if t.Logic, err = p.NewLogic(t.stage, &t.Task); err != nil {
		return err
	}
	t.logic = t.Logic
	t.plain = t.State == nil || t.State.IsPlain()
	t.Logic.SetMarks(marks)
	for i := range t.stage.Inputs {
		if in := &t.stage.Inputs[i]; in.Delivery != scheduler.DeliverGlobal && len(in.Reads(t.ID)) == 0 {
			t.Logic.Source(i, t.ID).SetWatermark(IdleTime) // no partition of it is the task's
		}
	}
	return nil
}

// BeforeCommit lets the operators add to the commit that is about to be made.
func (t *Running) BeforeCommit() error { return t.guarded(t.Logic.BeforeCommit) }

// AfterCommit tells the operators that the commit is final.
func (t *Running) AfterCommit() error {
	defer t.keepBack()
	return t.guarded(t.Logic.AfterCommit)
}

// Meta is what a meta record says about the task's inputs.
func (t *Running) Meta() (inputs []meta.Input) {
	for _, p := range t.partitions {
		inputs = append(inputs, p.meta())
	}
	return inputs
}

// keepBack stops reading the records of the task if its operators have asked for that,
// and goes on when they have enough room again.
func (t *Running) keepBack() {
	if stop := t.paused > 0; stop != t.stopped {
		t.stopped = stop
		t.loop.Inputs.arrangeAll(t)
	}
}

// fire does what the task's watermark makes due. What is more than a bounded
// piece of work is left to advance, between whose steps a commit may come.
func (t *Running) fire() error {
	if t.pending || t.Logic.Due() == IdleTime {
		return nil
	}
	return t.act(t.Logic.Advance)
}

// act calls Advance or End.
func (t *Running) act(f func() (bool, error)) (err error) {
	t.Moved = true
	return t.guarded(func() (err error) {
		t.pending, err = f()
		return err
	})
}

// guarded calls the operators, with errors and panics as errors that name them.
func (t *Running) guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.Logic.Operator(), Err: NewPanicError(v)}
		}
	}()
	if err := f(); err != nil {
		if errors.As(err, new(*FiringError)) || errors.As(err, new(*RecordError)) {
			return err // it says more
		}
		return &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.Logic.Operator(), Err: err}
	}
	return nil
}

// watermark is the least of the inputs that aren't idle: nothing can be due
// before it. If all are idle, nothing new is due.
func (t *Running) watermark() int64 {
	least := int64(IdleTime)
	for _, p := range t.partitions {
		least = min(least, p.effectiveWatermark())
	}
	return least
}

// inputsEnded reports whether no more records will come.
func (t *Running) inputsEnded() bool {
	for _, p := range t.partitions {
		if !p.ended {
			return false
		}
	}
	return true
}

// Tasks are tasks that run.
type Tasks []*Running

// Ended reports whether all tasks have come to the end of a bounded run.
func (all Tasks) Ended() bool {
	for _, t := range all {
		if !t.Ended {
			return false
		}
	}
	return true
}
