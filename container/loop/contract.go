package loop

import (
	"context"
	"math"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// IdleTime is the time that never comes. As a watermark it says that the input
// holds no other input back: it is idle, or has ended. As a due time it says
// that nothing is due.
const IdleTime = math.MaxInt64

// A Program builds the operators of tasks. Package api makes one from the user's
// pipeline. Several containers use it at once.
type Program interface {
	// Open opens the values that the operators of a stage share in one container. The
	// container closes them after its operators, also when it goes back to its last commit;
	// then it opens them again.
	Open(ctx context.Context, stage *scheduler.Stage) (Resources, error)
	// NewLogic builds the operators of one task and connects them to the task's
	// outputs and its restored state.
	NewLogic(stage *scheduler.Stage, t *Task) (Logic, error)
}

// Resources are what a [Program] has opened for one container. Only the program knows what
// is in them.
type Resources interface{ Close() error }

// Logic is the operators of one task, seen from the container. All calls come
// from the container's goroutine, one at a time.
//
// The methods are grouped by what makes the operators act: records, event time,
// the clock, calls that return, and commits. An operator takes part in any of
// them. Whatever it sends and changes, in whichever method, belongs to the next
// commit. Methods that return more did a bounded piece of work: the container
// calls them again, after a commit if one is due.
type Logic interface {
	// Source returns what takes the records of a partition of the stage's input. A task reads
	// the partition of its own number, or all partitions of a broadcast input.
	Source(input int, partition int32) Source

	EventTime
	WallClock

	// Resume takes in the results of calls that were in flight. It is called after
	// [Task.Wake].
	Resume() (more bool, err error)
	// Busy reports whether calls are in flight, or something that was committed
	// isn't delivered. A bounded run doesn't end while they are.
	Busy() bool

	// BeforeCommit adds to the commit that is about to be made: partial results,
	// the inputs of calls in flight, the batch of an outbox. If the commit fails, the
	// operators are closed, and built again on what was committed before.
	BeforeCommit() error
	// AfterCommit is called when the commit that BeforeCommit has added to is
	// final and its state is written.
	AfterCommit() error

	// Mark saves what the operators have in memory besides State, and Rewind restores it: a
	// piece of work has failed and is taken back. It may be called for each record.
	Mark()
	Rewind()

	// Operator is the operator that ran last, OperatorOf that of a node.
	Operator() Operator
	OperatorOf(node int) Operator
	// Close ends whatever the operators have started, and waits for it. State is
	// still open; what is changed there is lost.
	Close() error
}

// An Operator is a node of the graph, as messages, events and counters name it.
type Operator struct {
	Node int    // its number in the plan
	Name string // set by the user; else made of the kind and the topic or number
	Text string // for people: the kind, the name, and the file and line of the user's call
}

// EventTime is how operators follow event time. All times are in ms since 1970.
type EventTime interface {
	// Due is the lowest watermark at which Advance has something to do now, or IdleTime.
	Due() int64
	// Advance does what the watermarks of the sources have made due.
	Advance() (more bool, err error)
	// End does what is due when the inputs have ended: windows close. It moves no
	// watermark.
	End() (more bool, err error)
	// OutputWatermark is the event time below which no more records will be sent to
	// the stage's output, except late ones; IdleTime if all inputs are idle.
	OutputWatermark(output int) int64
	// Marks and SetMarks save and restore the watermarks that operators have
	// reached. A restart must not turn them back.
	Marks() map[string]int64
	SetMarks(map[string]int64)
}

// WallClock is how operators follow the container's clock. All times are in ms
// since 1970.
type WallClock interface {
	// ClockDue is the earliest time at which Tick has something to do, or IdleTime.
	ClockDue() int64
	// Tick does what has become due by now.
	Tick(now int64) (more bool, err error)
}

// A Generator is the [Source] of an input whose values the program makes itself. Records of
// such an input are numbers of values in its slots; see package generate.
type Generator interface {
	Source
	generate.Sequence
}

// A Source takes the records of one input into the operators of a task.
type Source interface {
	// Load decodes the record and returns its event time, in ms since 1970. The
	// record's memory stays as it is until Process returns.
	Load(r *stream.Record) (eventTime int64, err error)
	// Process sends the loaded record down the operators.
	Process() error
	// SetWatermark sets the event time below which no more records are expected
	// from this input, or IdleTime.
	SetWatermark(ms int64)
	// Disorder is how far event time may go back from one record to a later one.
	Disorder() time.Duration
	// MaxAhead is how far ahead of the clock a record may move the watermark; 0: without
	// bound.
	MaxAhead() time.Duration
	// Skips reports whether records that fail are counted and left out, rather
	// than fail the job.
	Skips() bool
}
