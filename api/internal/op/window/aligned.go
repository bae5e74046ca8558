package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
)

// An aligned window keeps one value for each window and key, and sends its result when the
// watermark has passed the window's end and grace.
type aligned[K comparable, M, A, R, P any] struct {
	base[K, M, A, R, P]
	early   early
	windows *kv.Windows[layout.Pane[A]]
	grid    *layout.Grid
	panes   op.Copier[A]

	elements bool // the aggregate has elements
	finals   finals
	ending   bool     // End was called
	newest   int64    // the highest event time of a record, for windows without an end
	lastKey  []byte   // the last key that a chunk has come to
	closing  [][]byte // the keys of the chunk whose panes stay
	memory   []byte   // of closing
}

func (r *recording[K, M, A, R, P]) buildAligned(b *flow.Builder) (flow.Operator, error) {
	base, err := r.base(b)
	if err != nil {
		return nil, err
	}
	stored, err := op.StoredOf(b, r.numbers[""], r.values)
	if err != nil {
		return nil, err
	}
	w := &aligned[K, M, A, R, P]{base: base, grid: r.spec.grid(), panes: op.NewCopier(r.values.Serde), finals: newFinals(), newest: layout.FirstTime, elements: r.agg.Elements != nil}
	if !r.spec.plain() {
		w.copies = op.NewCopier(r.results.Serde)
	}
	if w.windows, err = layout.NewWindows(b.Task.State, b.Store(r.numbers[""]), stored); err != nil {
		return nil, err
	}
	w.early = r.newEarly(b, w.tellEarly)
	flow.Take(b, "", w.push)
	if r.spec.Early.Set {
		return &triggered[K, M, A, R, P]{w}, w.early.plan()
	}
	return w, nil
}

func (w *aligned[K, M, A, R, P]) push(m M) error {
	w.scope.Operator = w.id
	at := w.scope.Time
	last := w.grid.Last(at)
	w.newest = max(w.newest, at)
	w.added = Added{Key: w.scope.Key, Time: at, At: last, Until: last + 1}
	kept := false
	for start := w.grid.First(at, last); start <= last; start = w.grid.After(start) {
		w.added.From, w.added.To, w.added.First = start, w.grid.End(start), start == last
		if w.added.To+w.grace <= w.time.Now() {
			continue
		}
		k, err := w.add(start, m)
		if err != nil {
			return err
		}
		kept = kept || k
	}
	if !kept {
		return w.tooLate(m)
	}
	return nil
}

// add adds the record to a window; false if its result was written at the end of a run.
func (w *aligned[K, M, A, R, P]) add(start int64, m M) (bool, error) {
	if w.task.Careful() {
		return w.addCarefully(start, m)
	}
	v, existed, err := w.windows.Upsert(start, w.added.Key)
	if err != nil || v.Closed {
		return false, err
	}
	w.task.Changed()
	if err := w.agg.Add(&v.Value, existed && !w.emptied(v), &w.added, m); err != nil {
		return false, err
	}
	return true, w.trigger(start, v)
}

// emptied reports whether the value begins again, because a result has discarded it.
func (w *aligned[K, M, A, R, P]) emptied(v *layout.Pane[A]) bool {
	return w.discarding && v.Fresh == 0
}

// addCarefully is add, and changes nothing if the new value can't be kept.
func (w *aligned[K, M, A, R, P]) addCarefully(start int64, m M) (bool, error) {
	old, existed, err := w.windows.Get(start, w.added.Key)
	if err != nil {
		return false, err
	}
	var next layout.Pane[A]
	if existed {
		if old.Closed {
			return false, nil
		}
		next = *old
		if next.Value, err = w.panes.Of(&old.Value); err != nil {
			return false, err
		}
	}
	if err := w.agg.Add(&next.Value, existed && !w.emptied(&next), &w.added, m); err != nil {
		return false, err
	}
	if err := w.windows.Check(start, w.added.Key, &next); err != nil {
		return false, err
	}
	v, _, err := w.windows.Upsert(start, w.added.Key)
	if err != nil {
		return false, err
	}
	w.task.Changed()
	*v = next
	return true, w.trigger(start, v)
}

// trigger sends what a record makes due, or notes that it is due later.
func (w *aligned[K, M, A, R, P]) trigger(start int64, v *layout.Pane[A]) error {
	ended := w.updates && w.added.To <= w.time.Now()
	if !w.early.set && !ended && !w.updates {
		return nil
	}
	v.Fresh++
	if ended {
		return w.aside(start, v, timing(&v.Emitted))
	}
	due, err := w.early.note(w.added.Key, start, v.Fresh)
	if err != nil || !due {
		return err
	}
	return w.aside(start, v, Early)
}

// aside sends a result in the middle of a record, which goes on with its own key and time.
func (w *aligned[K, M, A, R, P]) aside(start int64, v *layout.Pane[A], timing Timing) error {
	record := *w.scope
	err := w.tell(record.Key, start, w.grid.End(start), w.timeOf(start), &v.Value, &v.Emitted, timing)
	if err == nil {
		*w.scope = record
	}
	return err
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
	return w.fire(start, key, v, Early)
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
