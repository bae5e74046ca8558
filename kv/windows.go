package kv

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// Windows are a store's values by window and key: each window has a table of its
// own, that is dropped as a whole. A window that begins and is dropped between two
// commits touches neither the database nor the changelog.
//
// In the database a key is the window's start, 8 bytes, big-endian with the sign
// bit flipped, so that it sorts as the number does, and then the key.
type Windows[V any] struct {
	store  store[V]
	last   *window[V] // the one that was used last, or nil
	open   []*window[V]
	starts []int64 // of open, ascending
	graves []*window[V]
}

type window[V any] struct {
	start int64
	*cache[V]
}

// NewWindows returns the windows of a store, of which there is one view at a time,
// with those that the database holds.
func NewWindows[V any](s *State, store int, values serde.Serde[V]) (*Windows[V], error) {
	w := &Windows[V]{store: newStore(s, store, values)}
	if err := w.find(); err != nil {
		return nil, fmt.Errorf("store %s: %w", s.stores[store], err)
	}
	s.attach(store, nil, w)
	return w, nil
}

// find opens the windows that the database holds.
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

// storedStarts finds the windows that a database holds with one seek for each.
func storedStarts(db Database, store int) (starts []int64, err error) {
	var from []byte
	for {
		it := db.Iterate(store, from, nil)
		found := it.Next()
		if found && len(it.Key()) < 8 {
			return nil, cmp.Or(it.Close(), errNoWindow)
		}
		if found {
			start := parseStart(it.Key())
			starts = append(starts, start)
			from = next(appendStart(nil, start))
		}
		err := cmp.Or(it.Err(), it.Close())
		if err != nil || !found || from == nil {
			return starts, err
		}
	}
}

func appendStart(dst []byte, start int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(start)^1<<63)
}

// WindowKey is the key in the database of a window's key.
func WindowKey(start int64, key []byte) []byte {
	return append(appendStart(make([]byte, 0, 8+len(key)), start), key...)
}

// SplitWindow takes a key in the database apart, into a window's start and a key, which
// aliases it.
func SplitWindow(stored []byte) (start int64, key []byte, err error) {
	if len(stored) < 8 {
		return 0, nil, errNoWindow
	}
	return parseStart(stored), stored[8:], nil
}

// After is the first key behind all those that begin with a prefix; nil if there is
// none.
func After(prefix []byte) []byte { return next(prefix) }

func parseStart(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }

func (w *Windows[V]) newWindow(start int64, complete bool) *window[V] {
	c := w.store.newCache(appendStart(nil, start), complete)
	c.sorts = true
	return &window[V]{start, c}
}

// Starts returns the windows that hold entries, ascending, valid until the next
// call that begins or drops one. A window whose entries were dropped key by key
// counts until it is dropped as a whole.
func (w *Windows[V]) Starts() []int64 { return w.starts }

// Upsert returns the value of a window's key to be changed, until the next call;
// it is written at the next commit. If it doesn't exist it does from now on, with a
// zero value.
func (w *Windows[V]) Upsert(start int64, key []byte) (v *V, existed bool, err error) {
	if w.last == nil || w.last.start != start {
		if err := w.closed(); err != nil {
			return nil, false, err
		}
		w.last = w.begin(start)
	}
	return w.last.upsert(&w.store, key)
}

// begin returns a window, a new one if need be.
func (w *Windows[V]) begin(start int64) *window[V] {
	i, found := slices.BinarySearch(w.starts, start)
	if !found {
		w.starts = slices.Insert(w.starts, i, start)
		w.open = slices.Insert(w.open, i, w.newWindow(start, true))
	}
	return w.open[i]
}

// closed returns the error of using windows whose State is closed.
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

// Get returns the value of a window's key, to read only, valid until the next call.
func (w *Windows[V]) Get(start int64, key []byte) (v *V, found bool, err error) {
	win := w.window(start)
	if win == nil {
		return nil, false, w.closed()
	}
	v, err = win.get(&w.store, key)
	return v, v != nil, err
}

// Ascend calls f for the keys of a window in order, strictly after a key (nil:
// from the first), until it returns false. The value is to read only. f must not
// use the windows.
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

// Drop removes the entries of a window up to and including a key; nil: all of it.
func (w *Windows[V]) Drop(start int64, through []byte) error {
	i, found := slices.BinarySearch(w.starts, start)
	if !found {
		return w.closed()
	}
	win := w.open[i]
	if through != nil {
		win.dropThrough(&w.store, through)
		return nil
	}
	w.open = slices.Delete(w.open, i, i+1)
	w.starts = slices.Delete(w.starts, i, i+1)
	w.last = nil
	if win.stored {
		w.graves = append(w.graves, win)
		return nil
	}
	win.free(&w.store)
	return nil
}

// dropThrough removes the first keys of a window.
func (c *cache[V]) dropThrough(s *store[V], through []byte) {
	if c.whole() {
		c.dropSorted(s, through)
	} else {
		c.dropDirty(s, through)
	}
	if c.stored && (c.void == nil || string(through) > string(c.void)) {
		c.void = append([]byte{}, through...)
	}
}

// dropSorted removes items of a window that is in the young generation as a whole.
func (c *cache[V]) dropSorted(s *store[V], through []byte) {
	items := c.young.ascending(&s.state.sorter, &s.pool)
	for c.skip < len(items) {
		i := items[c.skip]
		it := c.young.at(i, &s.pool)
		if string(c.young.key(it)) > string(through) {
			return
		}
		c.absent(it)
		if it.flags&stored != 0 {
			c.mark(s, i, it)
		}
		c.skip++
	}
}

// dropDirty removes the dirty items. What is clean, here and in the database, is
// void from now on.
func (c *cache[V]) dropDirty(s *store[V], through []byte) {
	for cursor := c.ordered(s).Seek(nil); cursor.Next() && string(cursor.Key()) <= string(through); {
		c.absent(c.young.at(cursor.Value(), &s.pool))
	}
}
