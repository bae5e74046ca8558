package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
)

// An aligned window keeps one value for each window and key, and sends its result when the
// watermark has passed the window's end and grace.
type aligned[K comparable, M, A, R, P any] struct {
	panes[K, M, A, R, P]
	early early
	grid  *layout.Grid

	finals  finals
	ending  bool     // End was called
	newest  int64    // the highest event time of a record, for windows without an end
	closing [][]byte // the keys of the chunk whose panes stay
	memory  []byte   // of closing
	marked  int64    // newest, as of Mark
}

func (r *recording[K, M, A, R, P]) buildAligned(b *flow.Builder) (flow.Operator, error) {
	panes, err := r.panes(b)
	if err != nil {
		return nil, err
	}
	w := &aligned[K, M, A, R, P]{panes: panes, grid: r.spec.grid(), finals: newFinals(), newest: layout.FirstTime}
	w.deliver, w.firing.Kept = w.sendOut, w.kept
	w.early = r.newEarly(b, w.tellEarly)
	flow.Take(b, "", w.push)
	if r.spec.Early.On != Never {
		return &triggered{w, &w.early}, w.early.plan()
	}
	return w, nil
}

func (w *aligned[K, M, A, R, P]) push(m M) error {
	w.scope.Operator = w.id
	at := w.scope.Time
	last := w.grid.Last(at)
	first := w.grid.First(at, last)
	w.newest = max(w.newest, at)
	cell := w.grid.Cell(at, last)
	w.added = Added{Key: w.scope.Key, Time: at, At: cell, Until: cell + 1}
	var kept *layout.Pane[A]
	for start := first; start <= last; start = w.grid.After(start) {
		w.added.From, w.added.To, w.added.First = start, w.grid.End(start), start == last
		if w.added.To+w.grace <= w.time.Now() {
			continue
		}
		v, err := w.keep(start, m)
		if err != nil {
			return err
		}
		if v != nil {
			kept = v
		}
	}
	switch {
	case kept == nil:
		return w.tooLate(m)
	case !w.early.set && !w.updates:
		return nil
	case first == last:
		return w.trigger(last, kept)
	}
	return w.triggerAll(first, last)
}

// triggerAll is trigger for all windows that the record is in. It comes when all have
// the record, as they may share elements.
func (w *aligned[K, M, A, R, P]) triggerAll(first, last int64) error {
	for start := first; start <= last; start = w.grid.After(start) {
		if w.grid.End(start)+w.grace <= w.time.Now() {
			continue
		}
		v, _, err := w.windows.Upsert(start, w.added.Key)
		if err != nil {
			return err
		}
		if v.Closed {
			continue
		}
		if err := w.trigger(start, v); err != nil {
			return err
		}
	}
	return nil
}

// trigger sends what a record makes due, or notes that it is due later.
func (w *aligned[K, M, A, R, P]) trigger(start int64, v *layout.Pane[A]) error {
	v.Fresh++
	if w.updates && w.grid.End(start) <= w.time.Now() {
		return w.tell(w.added.Key, start, v, timing(&v.Emitted), w.aside)
	}
	due, err := w.early.note(w.added.Key, start, v.Fresh, v.Fresh > 1)
	if err != nil || !due {
		return err
	}
	return w.tell(w.added.Key, start, v, Early, w.aside)
}

// tell sends a result of a window that stays: in the middle of a record, or as what time makes due.
func (w *aligned[K, M, A, R, P]) tell(key []byte, start int64, v *layout.Pane[A], timing Timing, send func(output[A]) error) error {
	end := w.grid.End(start)
	w.fired = v
	o := output[A]{key: key, start: start, end: end, before: end, at: w.timeOf(start), value: &v.Value, timing: timing}
	o.index = w.number(&v.Emitted, timing)
	if err := send(o); err != nil {
		return err
	}
	return w.discard(&v.Value, key, start, end)
}

// tellLast sends the last result of a window, and gives its value away.
func (w *aligned[K, M, A, R, P]) tellLast(key []byte, start int64, v *layout.Pane[A]) error {
	end := w.grid.End(start)
	w.fired = v
	return w.fire(output[A]{
		key: key, start: start, end: end, before: end, at: end - 1, value: &v.Value, index: int(v.Index), timing: timing(&v.Emitted), last: true,
	})
}

// Mark and Rewind are those of [flow.Undoer].
func (w *aligned[K, M, A, R, P]) Mark() {
	w.marked = w.newest
	w.early.save()
}

// Rewind restores what Mark has saved.
func (w *aligned[K, M, A, R, P]) Rewind() {
	w.newest = w.marked
	w.early.restore()
}

// timeOf is the event time of a window's results: the last one of the window, so that they
// fall into the same window when they are windowed again. A window without an end has that of
// its input.
func (w *aligned[K, M, A, R, P]) timeOf(start int64) int64 {
	if w.grid.Bounded() {
		return w.grid.End(start) - 1
	}
	return max(w.newest, w.time.Now())
}

// tellEarly sends the early result of a window, if it has changed.
func (w *aligned[K, M, A, R, P]) tellEarly(key []byte, start int64) (err error) {
	v, found, err := w.windows.Get(start, key)
	if err != nil || !found || v.Closed || v.Fresh == 0 || w.updates && w.grid.End(start) <= w.time.Now() {
		return err
	}
	if v, _, err = w.windows.Upsert(start, key); err != nil {
		return err
	}
	return w.tell(key, start, v, Early, w.fire)
}

// Watermark is behind the inputs by the grace, and by what is due and not yet sent.
func (w *aligned[K, M, A, R, P]) Watermark() int64 {
	if !w.grid.Bounded() {
		return w.time.Behind(0, loop.IdleTime)
	}
	pending := int64(loop.IdleTime)
	if start, found := w.windows.First(); found {
		pending = w.timeOf(start)
	}
	return w.time.Behind(w.grace, pending)
}
