package kv

import (
	"fmt"
	"math"

	"github.com/gretestream/grete/kv/internal/order"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// Windows are a store's values by window and key. Each window has a table of its
// own, which is dropped as a whole. A window that begins and is dropped between two
// commits touches neither the database nor the changelog.
//
// A key in the database is the window's start, in 8 bytes, big-endian with the sign
// bit flipped so that it sorts as the number does, and then the key.
//
// There may be very many windows, most of them small and rarely used. So the work of a
// commit and of an eviction depends on the windows that were used, not on all.
type Windows[V any] struct {
	store    store[V]
	last     *window[V]             // the last one of an Upsert, or nil; it is touched
	open     order.Ints[*window[V]] // by start; nil if all of a window is in the database
	touched  []touched[V]           // the windows that were used since the last commit
	resident residents[V]           // the windows that are in memory
	dropped  []dropped[V]           // windows that the next commit deletes
}

// NewWindows returns the windows of a store, with those in the database. A store has
// one view at a time.
func NewWindows[V any](s *State, store int, values serde.Serde[V]) (*Windows[V], error) {
	w := &Windows[V]{store: newStore(s, store, values)}
	w.store.windowed, w.store.saved.self = true, w
	if err := w.find(); err != nil {
		return nil, fmt.Errorf("store %s: %w", s.stores[store], err)
	}
	s.attach(store, nil, w)
	return w, nil
}

// find opens the windows in the database.
func (w *Windows[V]) find() error {
	starts, err := storedStarts(w.store.db(), w.store.number)
	if err != nil {
		return err
	}
	for _, start := range starts {
		w.add(start, nil)
	}
	return nil
}

// Next returns the start of the first window that doesn't start before from. A window counts
// until it is dropped as a whole, even if entries up to its last key were dropped already.
func (w *Windows[V]) Next(from int64) (start int64, found bool) {
	start, _, found = w.open.Ceiling(from)
	return start, found
}

// First returns the start of the first window. See [Windows.Next].
func (w *Windows[V]) First() (start int64, found bool) { return w.Next(math.MinInt64) }

// Upsert returns the value of a window's key to be changed, until the next call; it
// is written at the next commit. A value that doesn't exist is created, as the zero
// value.
func (w *Windows[V]) Upsert(start int64, key []byte) (v *V, existed bool, err error) {
	if w.last == nil || w.last.start != start {
		if err := w.closed(); err != nil {
			return nil, false, err
		}
		w.last = w.begin(start)
	}
	return w.last.upsert(&w.store, key)
}

// begin returns the window with a start, a new one if there is none.
func (w *Windows[V]) begin(start int64) *window[V] {
	win := w.window(start)
	if win == nil {
		win = w.newWindow(start, true)
		w.add(start, win)
		w.touch(win)
		if w.store.state.Undo.mode != undoOff && w.store.note() {
			w.store.add(saved[V]{kind: windowOpened, start: start, win: win})
		}
	}
	return win
}

// closed returns [stream.ErrClosed] if the State is closed.
func (w *Windows[V]) closed() error {
	if w.store.state.closed {
		return stream.ErrClosed
	}
	return nil
}

// window returns an open window to be used, or nil.
func (w *Windows[V]) window(start int64) *window[V] {
	at := w.open.Get(start)
	if at == nil {
		return nil
	}
	if *at == nil {
		*at = w.newWindow(start, false)
	}
	w.touch(*at)
	return *at
}

// Get returns the value of a window's key. It must not be changed, and is valid until
// the next call.
func (w *Windows[V]) Get(start int64, key []byte) (v *V, found bool, err error) {
	win := w.window(start)
	if win == nil {
		return nil, false, w.closed()
	}
	v, err = win.get(&w.store, key)
	return v, v != nil, err
}

// Ascend calls f for the keys of a window after a key, in order, until it returns
// false. A nil key is before the first. f must not change the value, nor use the
// windows.
func (w *Windows[V]) Ascend(start int64, after []byte, f func(key []byte, v *V) (bool, error)) error {
	win := w.window(start)
	if win == nil {
		return w.closed()
	}
	if after != nil {
		after = append(append(make([]byte, 0, len(after)+1), after...), 0)
	}
	return win.ascend(&w.store, after, nil, f)
}

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
	for i := range w.store.saved.all {
		if c := &w.store.saved.all[i]; c.kind == windowFreed {
			c.win.release(&w.store)
		}
	}
	w.store.saved.forget()
	w.forgetTouched()
	w.open, w.resident, w.dropped = order.Ints[*window[V]]{}, residents[V]{}, nil
	w.store.pool.drop()
}
