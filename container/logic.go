package container

import (
	"math"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// IdleTime as a watermark says that the input holds nobody back: it is idle, or
// has ended.
const IdleTime = math.MaxInt64

// A Program makes the operators of tasks. Package api compiles one from the
// user's pipeline. It is used by several containers at once.
type Program interface {
	// NewLogic builds the operators of one task, connected to its outputs and its
	// state, which has been restored.
	NewLogic(stage *scheduler.Stage, t *Task) (Logic, error)
}

// Logic is the operators of one task. It belongs to the container's goroutine.
type Logic interface {
	// Source returns what takes the records of the stage's input i.
	Source(i int) Source
	// Due is the lowest watermark at which Advance has something to do;
	// IdleTime if there is nothing to wait for.
	Due() int64
	// Advance does what the watermarks of the sources have made due, a bounded
	// piece of it: with more, it is called again, after a commit if need be.
	Advance() (more bool, err error)
	// End does what is due when the inputs have ended: windows close. It leaves
	// watermarks alone, and is called until there is no more.
	End() (more bool, err error)
	// OutputWatermark is the event time below which nothing more will be sent to
	// the stage's output i, save late records: IdleTime if all inputs are idle.
	OutputWatermark(i int) int64
	// Marks and SetMarks save and restore the watermarks that operators have
	// reached, which a restart must not turn back.
	Marks() map[string]int64
	SetMarks(map[string]int64)
	// Operator says which of the user's operators ran last, for messages.
	Operator() string
}

// A Source takes the records of one input into the operators of a task.
type Source interface {
	// Load decodes the record and returns its event time, in ms since 1970. The
	// record's memory stays as it is until Process has returned.
	Load(r *stream.Record) (eventTime int64, err error)
	// Process sends the loaded record down the operators.
	Process() error
	// SetWatermark tells the event time below which no more records are
	// expected of this input, or IdleTime.
	SetWatermark(ms int64)
	// Disorder is by how much the event times of the input may go back.
	Disorder() time.Duration
	// Skips says that records that fail are counted and left out, rather than
	// fail the job.
	Skips() bool
}
