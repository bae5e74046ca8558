package kv

func (w *Windows[V]) applied() {
	w.freeDropped()
	for _, win := range w.open {
		win.applied(&w.store)
	}
}

func (w *Windows[V]) evictable() int64 {
	if len(w.dropped) > 0 {
		return 0
	}
	_, n := w.largest()
	return n
}

// largest returns the window from which most can be evicted, the earlier one of two.
func (w *Windows[V]) largest() (largest *window[V], most int64) {
	for _, win := range w.open {
		if n := win.bytes(); n > most {
			largest, most = win, n
		}
	}
	return largest, most
}

func (w *Windows[V]) evict() {
	if win, _ := w.largest(); win != nil {
		win.evict(&w.store)
	}
}

func (w *Windows[V]) age(share int64) {
	for _, win := range w.open {
		win.age(&w.store, share)
	}
}

func (w *Windows[V]) dropIdle() { w.store.pool.dropIdle() }

// reset drops the whole cache, and opens the windows in the database.
func (w *Windows[V]) reset() error {
	w.freeAll()
	return w.find()
}

func (w *Windows[V]) release() {
	w.freeAll()
	w.dropIdle()
}

func (w *Windows[V]) freeAll() {
	w.freeDropped()
	for _, win := range w.open {
		win.free(&w.store)
	}
	w.open, w.starts, w.last = nil, nil, nil
}
