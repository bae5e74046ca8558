package kv

import (
	"cmp"
	"slices"
)

// A dropped window is deleted by the next commit.
type dropped[V any] struct {
	start  int64
	window *window[V] // nil: all of it is in the database
}

// Drop removes the entries of a window up to and including a key; all of them if
// through is nil.
func (w *Windows[V]) Drop(start int64, through []byte) error {
	at := w.open.Get(start)
	if at == nil {
		return w.closed()
	}
	save := w.store.state.Undo.mode != undoOff && w.store.note()
	if through != nil && save {
		return w.dropInSegment(w.window(start), through)
	}
	if through != nil {
		w.window(start).dropThrough(&w.store, through)
		return nil
	}
	win := *at
	w.remove(start, win)
	kind := windowDropped
	switch {
	case win == nil || win.stored:
		w.dropped = append(w.dropped, dropped[V]{start, win})
	case save:
		kind = windowFreed
	default:
		w.free(win)
	}
	if save {
		w.store.add(saved[V]{kind: kind, start: start, win: win})
	}
	return nil
}

// remove removes a window from those that are open; win is what is in memory, or nil.
func (w *Windows[V]) remove(start int64, win *window[V]) {
	w.open.Delete(start)
	w.store.pool.charge(-indexBytes)
	w.last = nil
	if win != nil {
		w.untouch(win)
		w.resident.remove(win)
	}
}

// dropThrough removes the entries of a window up to and including a key.
func (c *cache[V]) dropThrough(s *store[V], through []byte) {
	if c.whole() {
		c.dropSorted(s, through)
	} else {
		c.dropDirty(s, through)
	}
	if c.stored && (c.dropped == nil || string(through) > string(c.dropped)) {
		c.dropped = append([]byte{}, through...)
	}
}

// dropSorted removes the items up to and including a key of a window whose entries
// are all in the young generation.
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

// dropDirty removes the dirty items up to and including a key. The clean ones, here
// and in the database, are below c.dropped from then on.
func (c *cache[V]) dropDirty(s *store[V], through []byte) {
	for cursor := c.ordered(s).Seek(nil); cursor.Next() && string(cursor.Key()) <= string(through); {
		c.absent(c.young.at(cursor.Value(), &s.pool))
	}
}

// prepare deletes the dropped windows first, so that windows of the same start that
// were begun since then remain.
func (w *Windows[V]) prepare(log Log) error {
	slices.SortFunc(w.dropped, func(a, b dropped[V]) int { return cmp.Compare(a.start, b.start) })
	for dropped := w.dropped; len(dropped) > 0; {
		n := w.run(dropped)
		if err := w.deleteDropped(dropped[:n], log); err != nil {
			return err
		}
		dropped = dropped[n:]
	}
	w.sortTouched()
	for _, t := range w.touched {
		if t.window == nil {
			continue
		}
		if err := t.window.prepare(&w.store, log); err != nil {
			return err
		}
	}
	return nil
}

// sortTouched brings the used windows in order.
func (w *Windows[V]) sortTouched() {
	byStart := func(a, b touched[V]) int { return cmp.Compare(a.start, b.start) }
	if slices.IsSortedFunc(w.touched, byStart) {
		return
	}
	slices.SortFunc(w.touched, byStart)
	for i, t := range w.touched {
		if t.window != nil {
			t.window.slot = i + 1
		}
	}
}

// run returns how many of the dropped windows, from the first, have no other window
// between them in the database, so that one range covers them.
func (w *Windows[V]) run(dropped []dropped[V]) int {
	for i := 1; i < len(dropped); i++ {
		start, win, found := w.open.Ceiling(dropped[i-1].start)
		for found && start < dropped[i].start {
			if win == nil || win.stored {
				return i
			}
			start, win, found = w.open.Ceiling(start + 1)
		}
	}
	return len(dropped)
}

// deleteDropped deletes dropped windows that one range covers.
func (w *Windows[V]) deleteDropped(dropped []dropped[V], log Log) error {
	s := &w.store
	last := appendStart(nil, dropped[len(dropped)-1].start)
	d := newDeleter(s.state.batch, s.number, appendStart(nil, dropped[0].start), After(last), log)
	for _, old := range dropped {
		var live *cache[V]
		if at := w.open.Get(old.start); at != nil && *at != nil { // it has begun again
			live = &(*at).cache
		}
		var err error
		if old.window != nil && old.window.complete {
			err = old.window.deleteCached(s, live, &d)
		} else {
			prefix := appendStart(nil, old.start)
			err = s.deleteStored(prefix, After(prefix), live, &d)
		}
		if err != nil {
			return err
		}
	}
	d.finish()
	return nil
}
