package op

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A WindowSpec is a window that a user has described.
type WindowSpec struct {
	Name string
	At   string // file and line of the Window call
	Size time.Duration
	// Grace is how long after its end, in event time, a window takes records.
	Grace time.Duration
}

// Check notes what makes no sense.
func (w WindowSpec) Check(p *flow.Pipeline) {
	p.Named(w.Name, "window")
	switch {
	case w.Size <= 0:
		p.Mistake("window %q has no size: set it, as in api.Tumbling(time.Minute)", w.Name)
	case w.Size%time.Millisecond != 0:
		p.Mistake("window %q: the size %v isn't a whole number of milliseconds", w.Name, w.Size)
	case w.Grace < 0:
		p.Mistake("window %q: the grace %v is negative", w.Name, w.Grace)
	}
}

func (w WindowSpec) params(how string) []scheduler.Param {
	return []scheduler.Param{
		{Name: "window", Value: "tumbling", Affects: scheduler.AffectsState},
		{Name: "size", Value: w.Size.String(), Affects: scheduler.AffectsState},
		{Name: "keeps", Value: how, Affects: scheduler.AffectsState},
		{Name: "grace", Value: w.Grace.String(), Affects: scheduler.AffectsResults},
	}
}

// A Closed window of one key, to be made a pane.
type Closed[K, A any] struct {
	Key        K
	Start, End int64 // [Start, End), ms since 1970
	Value      A
}

var errTwice = errors.New("it is used twice, but has one store; give each use a window of its own")

// Window records a window that keeps a fold of the records of each window and key.
// pane makes what is sent.
func Window[K comparable, M, A, P any](p *flow.Pipeline, from scheduler.Edge, w WindowSpec, f Fold[M, A], pane func(Closed[K, A]) P) scheduler.Edge {
	if p.Has("window", w.Name) {
		p.Mistake("window %q: %w", w.Name, errTwice)
	}
	what := fmt.Sprintf("window %q", w.Name)
	keys, values := keysOf[K](p, what), f.values(p, what)
	store := storeSpec(p, w.Name, "", layout.NameWindows, keys, values)
	store.Params = map[string]string{layout.ParamSize: w.Size.String()}
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "window", Name: w.Name, At: w.At, From: []scheduler.Edge{from},
			Stores: []scheduler.StoreSpec{store},
			Params: w.params(f.Name),
		},
		Emits: []flow.Port{flow.Emit[P]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			op := &window[K, M, A, P]{
				task: b.Task, scope: b.Scope, id: b.ID, time: b.EventTime(), counts: b.Counts(),
				keys: keys.Serde, step: f.Step, pane: pane, down: flow.Down[P](b, ""),
				size: w.Size.Milliseconds(), grace: w.Grace.Milliseconds(), ended: ended{start: math.MinInt64},
				firing: loop.Firing{Node: b.ID, Windowed: true, Skips: p.PolicyOf(b.ID) == flow.Skip},
			}
			op.firing.Kept, op.sendPane = op.kept, op.send
			stored, err := storedOf(b, 0, values)
			if err != nil {
				return nil, err
			}
			op.windows, err = layout.NewWindows(b.Task.State, b.Store(0), stored)
			flow.Take(b, "", op.push)
			return op, err
		},
	})
}

// A window keeps one value for each window and key, and sends it on when the
// watermark has passed the window's end and grace.
type window[K comparable, M, A, P any] struct {
	task    *loop.Task
	scope   *flow.Scope
	id      int
	time    *flow.EventTime
	counts  *metrics.Operator
	keys    serde.Serde[K]
	step    func(A, M, bool) A
	pane    func(Closed[K, A]) P
	down    flow.Push[P]
	windows *kv.Windows[layout.Pane[A]]

	size, grace int64 // ms

	lastKey  []byte   // the last key that emit has come to
	closing  [][]byte // the keys of the panes that it has sent
	ended    ended
	firing   loop.Firing     // of the pane that is being sent
	closed   *layout.Pane[A] // that pane
	sendPane func() error    // send, as a value
}

// ended is how far End has come: it has closed the windows that start before start; partly
// means that it has closed the one at start, too, up to lastKey.
type ended struct {
	start  int64
	partly bool
}

const (
	// closeChunk is how many panes are written in one piece of work, so that a commit
	// can come between while a huge window closes, or many of them.
	closeChunk = 4096
	// closeCost is the work of closing a window, in panes.
	closeCost = 16
)

func (w *window[K, M, A, P]) push(m M) error {
	w.scope.Operator = w.id
	start := windowStart(w.scope.Time, w.size)
	if start+w.size+w.grace <= w.time.Now() {
		w.counts.Late++
		return nil
	}
	v, existed, err := w.windows.Upsert(start, w.scope.Key)
	if err != nil {
		return err
	}
	if v.Closed {
		w.counts.Late++
		return nil
	}
	v.Value = w.step(v.Value, m, existed)
	return nil
}

// windowStart is the start of the window of a time, which may be before 1970.
func windowStart(at, size int64) int64 {
	start := at - at%size
	if start > at {
		start -= size
	}
	return start
}

// Watermark is behind the inputs by the grace, and by what is due and not yet
// sent. The event time of a pane is the last millisecond of its window.
func (w *window[K, M, A, P]) Watermark() int64 {
	pending := int64(loop.IdleTime)
	if start, found := w.windows.First(); found {
		pending = start + w.size - 1
	}
	return w.time.Behind(w.grace, pending)
}

// Due is when the oldest window closes.
func (w *window[K, M, A, P]) Due() int64 {
	start, found := w.windows.First()
	if !found {
		return loop.IdleTime
	}
	return start + w.size + w.grace
}

// Advance closes the windows that are due, oldest first.
func (w *window[K, M, A, P]) Advance() (bool, error) {
	for room := closeChunk; w.Due() <= w.time.Now(); {
		if room <= 0 {
			return true, nil
		}
		start, _ := w.windows.First()
		n, whole, err := w.emit(start, nil)
		if err != nil {
			return false, err
		}
		if !whole {
			return true, w.windows.Drop(start, w.lastKey)
		}
		if err := w.windows.Drop(start, nil); err != nil {
			return false, err
		}
		room -= n + closeCost
	}
	return false, nil
}

// End sends what is open before its time, and keeps it as closed.
func (w *window[K, M, A, P]) End() (bool, error) {
	for room := closeChunk; ; {
		start, found := w.windows.Next(w.ended.start)
		if !found {
			return false, nil
		}
		if room <= 0 {
			return true, nil
		}
		var after []byte
		if w.ended.partly && start == w.ended.start {
			after = w.lastKey
		}
		n, whole, err := w.emit(start, after)
		if err != nil {
			return false, err
		}
		if err := w.markClosed(start); err != nil {
			return false, err
		}
		if !whole {
			w.ended = ended{start: start, partly: true}
			return true, nil
		}
		w.ended = ended{start: start + 1}
		room -= n + closeCost
	}
}

// markClosed turns the panes that emit has just sent into marks.
func (w *window[K, M, A, P]) markClosed(start int64) error {
	for _, key := range w.closing {
		v, _, err := w.windows.Upsert(start, key)
		if err != nil {
			return err
		}
		*v = layout.Pane[A]{Closed: true}
	}
	return nil
}
