package loop

import (
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
	// Kept returns an error if the value that fires can't be kept: then the record is to
	// blame that has made it, and not the firing. It may be nil.
	Kept func() error
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

// Fire calls send, which does what a firing makes due, as a piece of work of its own: it
// either happens as a whole, or is left out because it has failed. Then Fire returns nil if
// the policy is to skip. What an operator does before and after Fire happens in both cases.
//
// Within the work of a record, Fire only calls send: the record happens as a whole.
func (t *Task) Fire(f *Firing, send func() error) error {
	if t.segment.open {
		return send()
	}
	if t.leaves(f) {
		return nil
	}
	err := t.attempt(f, send)
	if err == nil {
		return nil
	}
	return t.firingFailed(f, err)
}

// attempt is Fire up to its success.
func (t *Task) attempt(f *Firing, send func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = NewPanicError(v)
		}
	}()
	if !t.loop.guarded(f.Skips) {
		return send()
	}
	t.begin()
	if err = send(); err == nil {
		err = t.check()
	}
	if err != nil {
		return err
	}
	return t.keep()
}

// leaves reports whether to leave a firing out, which has failed in an earlier life of the
// container. It is counted then.
func (t *Task) leaves(f *Firing) bool {
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

// firingFailed handles the failure of a firing. It returns nil if the firing is skipped.
func (t *Task) firingFailed(f *Firing, err error) error {
	operator, err := t.blame(err)
	at := *f
	at.Key, at.Kept = append([]byte{}, f.Key...), nil
	failure := &FiringError{Stage: t.stage.Name, Task: t.ID, Firing: at, Operator: operator, Err: err}
	if unkept := t.unkept(f); unkept != nil && !t.checks(f.Skips) {
		failure.Err = unkept
		return failure // the container finds the record that has made the value
	}
	switch {
	case !f.Skips || !ofRecord(err):
		return failure
	case !t.takeBack():
		return &ReplayError{WithoutFiring: failure}
	}
	t.skipFiring(failure)
	return nil
}

// unkept returns why the value of a firing can't be kept; nil: it can.
func (t *Task) unkept(f *Firing) (err error) {
	if f.Kept == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = t.State.EncodingError(NewPanicError(v))
		}
	}()
	return f.Kept()
}

func (t *Task) skipFiring(failure *FiringError) {
	t.Counts(failure.Operator.Name).Skipped++
	t.loop.cfg.Skipped(Skip{Task: t.ID, Operator: failure.Operator, Err: failure})
}
