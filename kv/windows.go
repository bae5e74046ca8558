package kv

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// Windows are a store's values by window and key. Each window has a table of its
// own, which is dropped as a whole. A window that begins and is dropped between two
// commits touches neither the database nor the changelog.
//
// A key in the database is the window's start, in 8 bytes, big-endian with the sign
// bit flipped so that it sorts as the number does, and then the key.
type Windows[V any] struct {
	store   store[V]
	last    *window[V] // the last one of an Upsert, or nil
	open    []*window[V]
	starts  []int64 // of open, ascending
	dropped []*window[V]
}

type window[V any] struct {
	start int64
	*cache[V]
}

// NewWindows returns the windows of a store, with those in the database. A store has
// one view at a time.
func NewWindows[V any](s *State, store int, values serde.Serde[V]) (*Windows[V], error) {
	w := &Windows[V]{store: newStore(s, store, values)}
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
	w.starts = starts
	for _, start := range starts {
		w.open = append(w.open, w.newWindow(start, false))
	}
	return nil
}

func (w *Windows[V]) newWindow(start int64, complete bool) *window[V] {
	c := w.store.newCache(appendStart(nil, start), complete)
	c.sorts = true
	return &window[V]{start, c}
}

// Starts returns the starts of the windows with entries, ascending, valid until the
// next call that begins or drops one. A window whose entries were all dropped up to
// some key counts until it is dropped as a whole.
func (w *Windows[V]) Starts() []int64 { return w.starts }

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
	i, found := slices.BinarySearch(w.starts, start)
	if !found {
		w.starts = slices.Insert(w.starts, i, start)
		w.open = slices.Insert(w.open, i, w.newWindow(start, true))
	}
	return w.open[i]
}

// closed returns [stream.ErrClosed] if the State is closed.
func (w *Windows[V]) closed() error {
	if w.store.state.closed {
		return stream.ErrClosed
	}
	return nil
}

// window returns an open window, or nil.
func (w *Windows[V]) window(start int64) *window[V] {
	if i, found := slices.BinarySearch(w.starts, start); found {
		return w.open[i]
	}
	return nil
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
