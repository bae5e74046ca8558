package flow

import (
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/stream"
)

// EventTime is the event time that the inputs of an operator have reached. It is
// saved with each commit, so that a restart doesn't turn it back.
type EventTime struct {
	input   func() int64 // the watermark of the inputs
	reached int64        // the highest so far
	marked  int64        // reached, as of logic.Mark
}

// Now is the watermark of the inputs, in ms since 1970; [stream.NoTime] at first.
// It never goes back, even if an input that was idle becomes active again: what
// has closed stays closed.
func (t *EventTime) Now() int64 {
	if in := t.input(); in != loop.IdleTime && in > t.reached {
		t.reached = in
	}
	return t.reached
}

// Reached is what Now was at the last commit, until it is called.
func (t *EventTime) Reached() int64 { return t.reached }

// Idle reports whether all inputs are idle or have ended.
func (t *EventTime) Idle() bool { return t.input() == loop.IdleTime }

// Behind is the watermark of an operator's output that is delay ms behind its
// inputs. pending is the event time of the first result that is still to come;
// [loop.IdleTime] if there is none.
func (t *EventTime) Behind(delay, pending int64) int64 {
	if t.Idle() && pending == loop.IdleTime {
		return loop.IdleTime
	}
	now := t.Now()
	if now == stream.NoTime {
		return now
	}
	return min(now-delay, pending)
}
