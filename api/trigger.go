package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/op/window"
)

// A Trigger says when something is sent before it is final.
type Trigger struct{ early window.Trigger }

// Every sends what has changed, at most once in every interval of the container's clock. So what
// is sent depends on when the job runs.
func Every(d time.Duration) Trigger { return Trigger{window.Trigger{On: window.OnClock, Every: d}} }

// EveryN sends when n records have come since the last time. So what is sent depends on
// the order of arrival.
func EveryN(n int) Trigger { return Trigger{window.Trigger{On: window.OnRecords, EveryN: n}} }

// EveryCommit sends what has changed before each commit. So what is sent depends on when the
// job runs.
func EveryCommit() Trigger { return Trigger{window.Trigger{On: window.OnCommit}} }

// Early sends results of a window before it ends, with the timing [Early]. Each has all records
// so far, unless Discarding is set. A window that hasn't changed since its last result sends none.
func (w Window) Early(t Trigger) Window {
	w.spec.Early = t.early
	return w
}

// Updates sends the final result of a window when it ends, rather than after the grace, and a
// result with the timing [Update] for each record that comes within the grace.
func (w Window) Updates() Window {
	w.spec.Updates = true
	return w
}

// Discarding makes each result one of the records since the result before. Their values add up
// to that of the window. There is no result without records, so there may be no final one.
// Sessions that are merged away aren't taken back: each result stays true.
func (w Window) Discarding() Window {
	w.spec.Discarding = true
	return w
}

// Finals keeps the panes whose timing is [Final], one for each key and window.
func Finals[K comparable, A any](s KeyedStream[K, Pane[K, A]]) KeyedStream[K, Pane[K, A]] {
	return s.Filter(func(p Pane[K, A]) bool { return p.Timing == Final })
}
