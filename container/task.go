package container

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Task is the part of a container that the operators of a task see.
type Task struct {
	ID    int32
	State *kv.State // nil if the stage has no stores

	cfg      *Config
	stage    *scheduler.Stage
	reading  *partition    // the partition of the record that is being processed; nil: none
	operator func() string // as [Logic.Operator]
	outputs  []*Output
	changes  int64 // counts what a record has sent and changed, see Changed
	paused   int   // calls of Pause without an Unpause
	wake     *wakeup
	counts   *metrics.Task
	run      func(f func()) // starts a goroutine
	clock    *int64         // the loop's clock, ms since 1970
	logger   *slog.Logger
}

// A wakeup makes the loop call Resume of a task. It is safe for concurrent use.
type wakeup struct {
	asked atomic.Bool
	loop  chan struct{} // gets a token
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

// Changed must be called by an operator that changes state. If the record then
// fails and is to be skipped, the container knows that there is something to undo.
func (t *Task) Changed() { t.changes++ }

// Wake makes the container call Resume of the operators soon. It is safe for
// concurrent use; everything else of a Task belongs to the container's goroutine.
func (t *Task) Wake() {
	t.wake.asked.Store(true)
	notify(t.wake.loop)
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
func (t *Task) Go(f func()) { t.run(f) }

// Now is the container's clock as of the current step, in ms since 1970.
func (t *Task) Now() int64 { return *t.clock }

// Logger is for what an operator has to say to the people who run the job.
func (t *Task) Logger() *slog.Logger { return t.logger }

// Counts makes the counters of an operator, which the operator counts in.
func (t *Task) Counts(operator string) *metrics.Operator {
	c := &metrics.Operator{Name: operator}
	t.counts.Operators = append(t.counts.Operators, c)
	return c
}

// Skipped counts an input that an operator skips by its own policy, because of an error,
// and reports it to the Observer.
func (t *Task) Skipped(c *metrics.Operator, why error) {
	c.Skipped++
	e := Skip{Task: t.ID, Operator: t.operator(), ByOperator: true, Err: why}
	if p := t.reading; p != nil && p.loaded {
		e.Record = p.headPosition()
	}
	t.cfg.skipped(e)
}

// An Output sends to one topic.
type Output struct {
	writer stream.Writer
	task   *Task
	now    *int64 // the loop's clock, ms
	counts *metrics.Output
}

// Partitions is the topic's number of partitions.
func (o *Output) Partitions() int32 { return o.writer.Partitions() }

// Send adds a record to the container's transaction; it is copied. Its time is
// set to now.
func (o *Output) Send(partition int32, r *stream.Record) error {
	r.Time = *o.now
	o.task.changes++
	o.counts.Records++
	o.counts.Bytes += int64(len(r.Key) + len(r.Value))
	return o.writer.Send(partition, r)
}

// A task is one task of the container with its inputs.
type task struct {
	Task
	logic      Logic
	db         kv.Database
	partitions []*partition
	sentMarks  []stream.Mark // by output, as last sent
	moved      bool          // something has happened since the last commit
	pending    bool          // Advance or End has more to do
	stopped    bool          // its inputs are kept back, as the operators have asked
	// bootstrapping means that only its bootstrap inputs are read.
	bootstrapping bool
	ended         bool            // all inputs have ended and everything is closed
	looked        time.Time       // when its database's statistics were last read
	seq           int64           // counts commits
	changelogs    []int64         // by store: where the changelog ends after the last commit
	logs          []stream.Writer // to the changelogs, or to the meta topic
	record        stream.Record   // that log sends
}

// mark is what the consumers of an output learn about the task.
func (t *task) mark(output int, run int64) stream.Mark {
	last := t.sentMarks[output]
	m := stream.Mark{Task: t.ID, Watermark: last.Watermark}
	if w := t.logic.OutputWatermark(output); w == IdleTime {
		m.Idle = true
	} else {
		m.Watermark = max(w, last.Watermark)
	}
	if t.ended {
		m.Ended = run
	}
	return m
}

// watermark is the least of the inputs that aren't idle: nothing can be due
// before it. If all are idle, nothing new is due.
func (t *task) watermark() int64 {
	least := int64(IdleTime)
	for _, p := range t.partitions {
		least = min(least, p.effectiveWatermark())
	}
	return least
}

// inputsEnded reports whether no more records will come.
func (t *task) inputsEnded() bool {
	for _, p := range t.partitions {
		if !p.ended {
			return false
		}
	}
	return true
}

// A taskList is the running tasks of a container, by id.
type taskList []*task

// moved reports whether something has happened since the last commit.
func (all taskList) moved() bool {
	for _, t := range all {
		if t.moved {
			return true
		}
	}
	return false
}

// movedIDs returns the tasks to which something has happened since the last commit.
func (all taskList) movedIDs() (ids []int32) {
	for _, t := range all {
		if t.moved {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// moveAll makes all tasks part of the next commit.
func (all taskList) moveAll() {
	for _, t := range all {
		t.moved = true
	}
}

// ended reports whether all tasks have come to the end of a bounded run.
func (all taskList) ended() bool {
	for _, t := range all {
		if !t.ended {
			return false
		}
	}
	return true
}
