package loop

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/kv"
)

// A Firing is what event time or the clock makes due for one key: a window that closes, a
// result that is sent. It is processed like a record, and may fail like one.
type Firing struct {
	Node     int
	Key      []byte
	Windowed bool
	Start    int64 // of the window, if Windowed, else the event time; in ms since 1970
	// Skips is the policy: failures are counted and left out, rather than fail the job.
	Skips bool
}

// A FiringID identifies a firing in a stage.
type FiringID struct {
	Task  int32
	Node  int
	Start int64
	Key   string
}

// A FiringError is the failure of a firing.
type FiringError struct {
	Stage    string
	Task     int32
	Firing   Firing   // with a key of its own
	Operator Operator // that failed
	Err      error
}

func (e *FiringError) Error() string {
	return fmt.Sprintf("stage %s, task %d: %s: %s: %v", e.Stage, e.Task, e.Operator.Text, kv.Place(e.Firing.Key, e.Firing.Windowed, e.Firing.Start), e.Err)
}

func (e *FiringError) Unwrap() error { return e.Err }

// ID identifies the firing.
func (e *FiringError) ID() FiringID { return e.Firing.id(e.Task) }

func (f *Firing) id(task int32) FiringID {
	return FiringID{Task: task, Node: f.Node, Start: f.Start, Key: string(f.Key)}
}

// Leaves reports whether to leave a firing out, which has failed in an earlier life of the
// container. It is counted then.
func (t *Task) Leaves(f *Firing) bool {
	if len(t.loop.cfg.SkipFirings) == 0 {
		return false
	}
	failure := t.loop.cfg.SkipFirings[f.id(t.ID)]
	if failure == nil {
		return false
	}
	t.loop.left = append(t.loop.left, failure.ID())
	t.skipFiring(failure)
	return true
}

// Changes counts what the task has sent and changed.
func (t *Task) Changes() int64 { return t.changes }

// Failed handles the failure of a firing. before is the number of Changes at its beginning.
// It returns nil if the firing is skipped.
func (t *Task) Failed(f *Firing, before int64, err error) error {
	at := *f
	at.Key = append([]byte{}, f.Key...)
	failure := &FiringError{Stage: t.stage.Name, Task: t.ID, Firing: at, Operator: t.operator(), Err: err}
	switch entry := (*kv.EntryError)(nil); {
	case !f.Skips || !ofRecord(err):
		return failure
	case errors.As(err, &entry) && !entry.Stored && !t.Careful():
		return failure // the container finds the record that has made the value
	case t.changes != before:
		return &ReplayError{WithoutFiring: failure}
	}
	t.skipFiring(failure)
	return nil
}

func (t *Task) skipFiring(failure *FiringError) {
	t.Counts(failure.Operator.Name).Skipped++
	t.loop.cfg.Skipped(Skip{Task: t.ID, Operator: failure.Operator, Err: failure})
}
