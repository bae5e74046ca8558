package loop

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// ErrTombstone is what a source returns for a record without a value that it leaves out. It
// isn't a failure.
var ErrTombstone = errors.New("a tombstone")

// A RecordError is the failure of one record: it doesn't decode, or the user's
// function returned an error or panicked. The job stops at it, unless the input
// or the operator says otherwise.
type RecordError struct {
	Task int32
	stream.TopicPartition
	Offset   int64
	Operator Operator // without text if it didn't decode
	Err      error
}

func (e *RecordError) Error() string {
	where := fmt.Sprintf("topic %s, partition %d, offset %d", e.Topic, e.Partition, e.Offset)
	if name, ok := scheduler.GeneratorOf(e.Topic); ok {
		where = fmt.Sprintf("generator %s, value %d", name, e.Offset)
	}
	if unfit := (*EventTimeError)(nil); errors.As(e.Err, &unfit) {
		return fmt.Sprintf("%s: %v", where, e.Err)
	}
	if e.Operator.Text == "" {
		return fmt.Sprintf("%s: the record can't be decoded: %v", where, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", where, e.Operator.Text, e.Err)
}

// Place is where the record has failed.
func (e *RecordError) Place() Place {
	return Place{e.Task, stream.Position{TopicPartition: e.TopicPartition, Offset: e.Offset}}
}

// A Place is a record in the inputs of a task. Several tasks read a broadcast input.
type Place struct {
	Task int32
	stream.Position
}

func (e *RecordError) Unwrap() error { return e.Err }

// An OperatorError is a failure that no single record has caused: while a window
// closed, for example.
type OperatorError struct {
	Stage    string
	Task     int32
	Operator Operator
	Err      error
}

func (e *OperatorError) Error() string {
	return fmt.Sprintf("stage %s, task %d: %s: %v", e.Stage, e.Task, e.Operator.Text, e.Err)
}

func (e *OperatorError) Unwrap() error { return e.Err }

// A PanicError is a panic in the user's code.
type PanicError struct {
	Value any
	At    string // the file and line that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v (%s)", e.Value, e.At) }

// NewPanicError is for the deferred function that has recovered v: the frames of
// the panic are still on the stack.
func NewPanicError(v any) *PanicError {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	panicking := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicking && !inRuntime {
			return &PanicError{Value: v, At: fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)}
		}
		panicking = panicking || f.Function == "runtime.gopanic"
		if !more {
			return &PanicError{Value: v, At: "at an unknown place"}
		}
	}
}

// A ReplayError makes the container reopen from what is committed: a record or a firing is to
// be skipped that has already sent or changed something.
type ReplayError struct {
	Without       *RecordError // nil if a firing is to be skipped
	WithoutFiring *FiringError
}

func (e *ReplayError) Error() string { return "replay without: " + e.Unwrap().Error() }

// Unwrap returns the failure.
func (e *ReplayError) Unwrap() error {
	if e.Without != nil {
		return e.Without
	}
	return e.WithoutFiring
}
