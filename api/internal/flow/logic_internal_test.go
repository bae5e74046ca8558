package flow

import "testing"

// ending operators, upstream first.
type ender struct{ ended int }

func (e *ender) End() (bool, error) { e.ended++; return e.ended < 2, nil }

type waiter struct{ busy bool }

func (w *waiter) Resume() (bool, error) { return false, nil }
func (w *waiter) Busy() bool            { return w.busy }

// At the end of a bounded run, operators behind a call in flight wait for it: its
// result comes first.
func TestLogic_EndWaitsForCallsUpstream(t *testing.T) {
	first, calls, last := &ender{}, &waiter{busy: true}, &ender{}
	var l logic
	for _, op := range []Operator{first, calls, last, nil} {
		l.add(&Builder{}, op)
	}
	end := func(wantMore bool) {
		t.Helper()
		if more, err := l.End(); more != wantMore || err != nil {
			t.Fatalf("more %v, %v", more, err)
		}
	}
	end(true)
	end(false)
	if first.ended != 2 || last.ended != 0 || !l.Busy() {
		t.Fatalf("ended %d and %d times with a call in flight", first.ended, last.ended)
	}
	calls.busy = false
	end(true)
	end(false)
	if last.ended != 2 || l.Busy() {
		t.Fatalf("ended %d times after the call", last.ended)
	}
}
