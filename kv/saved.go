package kv

// A savedLog has what a view has saved in the current segment, in the order of the changes.
type savedLog[V any] struct {
	self    view // that has the log
	plain   bool // values are saved by a copy
	derived bool // the entries aren't in the changelog
	all     []saved[V]
	bytes   []byte // encoded values
}

// A saved is one change.
type saved[V any] struct {
	kind  change
	start int64      // of a window that was opened or dropped
	win   *window[V] // likewise; nil: it is in the database

	// Of an entry: where it is, and what it was.
	cache    *cache[V]
	table    *table[V]
	item     uint32
	present  bool
	value    V
	from, to int // of the encoded value in bytes
}

// A change is the kind of a saved.
type change uint8

const (
	entryChanged change = iota
	windowOpened
	windowDropped // it is among those that the next commit deletes
	windowFreed   // it was dropped, and is to be freed when the segment is kept
)

// savedMost is how many changes, and 64 times how many bytes, a log keeps room for.
const savedMost = 1024

// add adds a change.
func (s *store[V]) add(c saved[V]) {
	if len(s.saved.all) == 0 {
		s.state.Undo.views = append(s.state.Undo.views, s.saved.self)
	}
	s.saved.all = append(s.saved.all, c)
}

// note notes that something is about to change, and reports whether it must be saved. It is
// called only in a segment.
func (s *store[V]) note() (save bool) {
	u := &s.state.Undo
	u.changed = true
	return u.mode == UndoSaves
}

// save saves an item that is about to change. It is called only in a segment.
func (c *cache[V]) save(s *store[V], i uint32, it *item[V]) (err error) {
	if !s.note() || it.flags&inSegment != 0 {
		return nil
	}
	pre := saved[V]{cache: c, table: c.young, item: i, present: it.flags&present != 0}
	switch l := &s.saved; {
	case !pre.present:
	case l.plain:
		pre.value = it.value
	default:
		pre.from = len(l.bytes)
		if l.bytes, err = s.append(l.bytes, &it.value); err != nil {
			l.bytes = l.bytes[:pre.from]
			return s.entryError(c.prefix, c.young.key(it), err)
		}
		pre.to = len(l.bytes)
	}
	it.flags |= inSegment
	s.add(pre)
	return nil
}

// restore makes an item what it was. It stays dirty, which costs a write at most.
func (s *store[V]) restore(pre *saved[V]) (err error) {
	it := pre.table.at(pre.item, &s.pool)
	it.flags &^= inSegment
	pre.cache.absent(it)
	switch l := &s.saved; {
	case !pre.present:
		return nil
	case l.plain:
		it.value = pre.value
	default:
		if err = s.parse(l.bytes[pre.from:pre.to], &it.value); err != nil {
			return s.entryError(pre.cache.prefix, pre.table.key(it), err)
		}
	}
	it.flags |= present
	return nil
}

// checkSaved checks the entries that the segment has changed, as they are now.
func (s *store[V]) checkSaved() error {
	if s.saved.derived {
		return nil
	}
	for i := range s.saved.all {
		pre := &s.saved.all[i]
		if pre.kind != entryChanged {
			continue
		}
		it := pre.table.at(pre.item, &s.pool)
		if it.flags&present == 0 {
			continue
		}
		if err := s.check(pre.cache.prefix, pre.table.key(it), &it.value); err != nil {
			return err
		}
	}
	return nil
}

// keepEntries forgets what entries were.
func (s *store[V]) keepEntries() {
	for i := range s.saved.all {
		if pre := &s.saved.all[i]; pre.kind == entryChanged {
			pre.table.at(pre.item, &s.pool).flags &^= inSegment
		}
	}
}

// forget empties the log.
func (l *savedLog[V]) forget() {
	if cap(l.all) > savedMost || cap(l.bytes) > 64*savedMost {
		l.all, l.bytes = nil, nil
		return
	}
	clear(l.all)
	l.all, l.bytes = l.all[:0], l.bytes[:0]
}

func (c *Values[V]) isPlain() bool     { return c.store.saved.plain }
func (c *Values[V]) checkSaved() error { return c.store.checkSaved() }

func (c *Values[V]) keep() {
	c.store.keepEntries()
	c.store.saved.forget()
}

func (c *Values[V]) rewind() error {
	all := c.store.saved.all
	for i := range all {
		if err := c.store.restore(&all[len(all)-1-i]); err != nil {
			return err
		}
	}
	c.resets++
	c.store.saved.forget()
	return nil
}

func (w *Windows[V]) isPlain() bool     { return w.store.saved.plain }
func (w *Windows[V]) checkSaved() error { return w.store.checkSaved() }

func (w *Windows[V]) keep() {
	w.store.keepEntries()
	for i := range w.store.saved.all {
		if c := &w.store.saved.all[i]; c.kind == windowFreed {
			w.free(c.win)
		}
	}
	w.store.saved.forget()
}

func (w *Windows[V]) rewind() error {
	all := w.store.saved.all
	for i := range all {
		c := &all[len(all)-1-i]
		switch c.kind {
		case entryChanged:
			if err := w.store.restore(c); err != nil {
				return err
			}
		case windowOpened:
			w.remove(c.start, c.win)
			w.free(c.win)
		case windowDropped:
			w.dropped = w.dropped[:len(w.dropped)-1]
			w.bringBack(c.start, c.win)
		case windowFreed:
			w.bringBack(c.start, c.win)
		}
	}
	w.store.saved.forget()
	return nil
}

// bringBack undoes remove.
func (w *Windows[V]) bringBack(start int64, win *window[V]) {
	w.add(start, win)
	if win != nil {
		w.resident.add(win)
		w.touch(win)
	}
}

// dropInSegment removes the entries of a window up to and including a key, one by one.
func (w *Windows[V]) dropInSegment(win *window[V], through []byte) error {
	var keys [][]byte
	err := win.ascend(&w.store, nil, append(append(make([]byte, 0, len(through)+1), through...), 0), func(key []byte, _ *V) (bool, error) {
		keys = append(keys, append([]byte{}, key...))
		return true, nil
	})
	for _, key := range keys {
		if err == nil {
			err = win.cache.remove(&w.store, key)
		}
	}
	return err
}
