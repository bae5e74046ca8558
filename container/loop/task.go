package loop

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Task is what the operators of a task see of it, and of its container.
type Task struct {
	ID    int32
	State *kv.State // nil if the stage has no stores

	loop    *Loop
	stage   *scheduler.Stage
	reading *partition // the partition of the record that is being processed; nil: none
	logic   Logic      // nil until Build
	plain   bool       // as [kv.State.IsPlain]; true if there is no state
	segment segment
	outputs []*Output
	forms   Forms
	paused  int         // calls of Pause without an Unpause
	woken   atomic.Bool // Resume is to be called
	counts  *metrics.Task
}

// Output returns the stage's output that a node of the graph writes.
func (t *Task) Output(node int) (*Output, error) {
	for i := range t.stage.Outputs {
		if t.stage.Outputs[i].Node == node {
			return t.outputs[i], nil
		}
	}
	return nil, fmt.Errorf("node %d is no output of stage %s", node, t.stage.Name)
}

// Store returns the number in State of a store of a node of the graph: index
// counts the node's stores.
func (t *Task) Store(node, index int) (int, error) {
	for i := range t.stage.Stores {
		if s := &t.stage.Stores[i]; s.Node == node && s.Index == index {
			return i, nil
		}
	}
	return 0, fmt.Errorf("node %d has no store %d in stage %s", node, index, t.stage.Name)
}

// Wake makes the container call Resume of the operators soon. It is safe for
// concurrent use; everything else of a Task belongs to the container's goroutine.
func (t *Task) Wake() {
	t.woken.Store(true)
	t.loop.Wake()
}

// Pause keeps the records of the task's inputs back from the next one on, until
// Unpause is called as often: an operator has as many calls in flight, or as much
// to deliver, as it may. Time and commits go on.
func (t *Task) Pause() { t.paused++ }

// Unpause is the reverse of [Task.Pause]. The operators call it from Resume,
// AfterCommit, Advance or Tick.
func (t *Task) Unpause() { t.paused-- }

// Go runs f in a goroutine of the container's kind: a test can run it in its own
// order. The operator ends it in its Close.
func (t *Task) Go(f func()) { t.loop.cfg.Go(f) }

// Resources are what the program has opened for the container.
func (t *Task) Resources() Resources { return t.loop.cfg.Resources }

// Now is the container's clock as of the current step, in ms since 1970.
func (t *Task) Now() int64 { return t.loop.now }

// Logger is for what an operator has to say to the people who run the job.
func (t *Task) Logger() *slog.Logger { return t.loop.cfg.Logger }

// Counts returns the counters of an operator, by its name. The operator counts in them.
func (t *Task) Counts(operator string) *metrics.Operator {
	for _, c := range t.counts.Operators {
		if c.Name == operator {
			return c
		}
	}
	c := &metrics.Operator{Name: operator}
	t.counts.Operators = append(t.counts.Operators, c)
	return c
}

// Skipped counts an input that an operator skips by its own policy, because of an error,
// and reports it to the Observer.
func (t *Task) Skipped(c *metrics.Operator, why error) {
	c.Skipped++
	e := Skip{Task: t.ID, Operator: t.logic.Operator(), ByOperator: true, Err: why}
	if p := t.reading; p != nil && p.loaded {
		e.Record = p.headPosition()
	}
	if t.segment.open {
		t.segment.skips = append(t.segment.skips, e)
		return
	}
	t.loop.cfg.Skipped(e)
}

// An Output sends to one topic.
type Output struct {
	writer stream.Writer
	task   *Task
	counts *metrics.Output
	record stream.Record // that an outbox sends
}

// Partitions is the topic's number of partitions.
func (o *Output) Partitions() int32 { return o.writer.Partitions() }

// Send adds a record to the container's transaction; it is copied. Its time is
// set to now.
func (o *Output) Send(partition int32, r *stream.Record) error {
	r.Time = o.task.loop.now
	s := &o.task.segment
	if !s.open {
		return o.send(partition, r)
	}
	if err := o.writer.Check(partition, r); err != nil {
		return err
	}
	s.held.add(o, partition, r)
	return nil
}

// send hands a record to the producer.
func (o *Output) send(partition int32, r *stream.Record) error {
	if err := o.writer.Send(partition, r); err != nil {
		return err
	}
	o.counts.Records++
	o.counts.Bytes += int64(len(r.Key) + len(r.Value))
	return nil
}
