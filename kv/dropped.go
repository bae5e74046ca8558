package kv

import (
	"cmp"
	"slices"
)

// Drop removes the entries of a window up to and including a key; all of them if
// through is nil.
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
		w.dropped = append(w.dropped, win)
		return nil
	}
	win.free(&w.store)
	return nil
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
	slices.SortFunc(w.dropped, func(a, b *window[V]) int { return cmp.Compare(a.start, b.start) })
	for dropped := w.dropped; len(dropped) > 0; {
		n := w.run(dropped)
		if err := w.deleteDropped(dropped[:n], log); err != nil {
			return err
		}
		dropped = dropped[n:]
	}
	for _, win := range w.open {
		if err := win.prepare(&w.store, log); err != nil {
			return err
		}
	}
	return nil
}

// run returns how many of the dropped windows, from the first, have no other window
// between them in the database, so that one range covers them.
func (w *Windows[V]) run(dropped []*window[V]) int {
	for i := 1; i < len(dropped); i++ {
		first, _ := slices.BinarySearch(w.starts, dropped[i-1].start)
		for _, win := range w.open[first:] {
			if win.start >= dropped[i].start {
				break
			}
			if win.stored {
				return i
			}
		}
	}
	return len(dropped)
}

// deleteDropped deletes dropped windows that one range covers.
func (w *Windows[V]) deleteDropped(dropped []*window[V], log Log) error {
	s := &w.store
	e := newDeleter(s.state.batch, s.number, dropped[0].prefix, After(dropped[len(dropped)-1].prefix), log)
	for _, old := range dropped {
		var live *cache[V]
		if win := w.window(old.start); win != nil {
			live = win.cache
		}
		var err error
		if old.complete {
			err = old.deleteCached(s, live, &e)
		} else {
			err = old.deleteStored(s, After(old.prefix), live, &e)
		}
		if err != nil {
			return err
		}
	}
	e.finish()
	return nil
}

func (w *Windows[V]) freeDropped() {
	for _, win := range w.dropped {
		win.free(&w.store)
	}
	clear(w.dropped)
	w.dropped = w.dropped[:0]
}
