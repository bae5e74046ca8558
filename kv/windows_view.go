package kv

import "github.com/gretestream/grete/kv/internal/order"

// applied makes the windows that were used clean. All others are.
func (w *Windows[V]) applied() {
	for _, d := range w.dropped {
		if d.window != nil {
			w.free(d.window)
		}
	}
	clear(w.dropped)
	w.dropped = w.dropped[:0]
	for _, t := range w.touched {
		if t.window != nil {
			t.window.slot = 0
			t.window.applied(&w.store)
		}
	}
	w.forgetTouched()
	w.resident.idle = 0
}

// forgetTouched empties the list of used windows.
func (w *Windows[V]) forgetTouched() {
	w.last = nil
	clear(w.touched)
	w.touched = w.touched[:0]
}

func (w *Windows[V]) held() int64 { return w.store.pool.inUse() }

func (w *Windows[V]) sweep(limit int) (work int) { return w.store.pool.sweep(limit) }

func (w *Windows[V]) dropIdle() { w.store.pool.dropIdle() }

// evict evicts a window that wasn't used for long. Of a large one only the old generation
// goes, at first.
func (w *Windows[V]) evict() (work int, more bool) {
	win, more := w.resident.candidate()
	if win == nil {
		return lookWork, more
	}
	if win.old != nil && win.young.n > 0 {
		return win.evict(&w.store), true
	}
	*w.open.Get(win.start) = nil
	w.resident.remove(win)
	return w.free(win), true
}

// reset drops the whole cache, and opens the windows in the database.
func (w *Windows[V]) reset() error {
	w.release()
	return w.find()
}

// release drops everything that is in memory. Only windows that were used may be dirty.
func (w *Windows[V]) release() {
	for _, t := range w.touched {
		if t.window != nil {
			t.window.release(&w.store)
		}
	}
	for _, d := range w.dropped {
		if d.window != nil {
			d.window.release(&w.store)
		}
	}
	w.forgetTouched()
	w.open, w.resident, w.dropped = order.Ints[*window[V]]{}, residents[V]{}, nil
	w.store.pool.drop()
}
