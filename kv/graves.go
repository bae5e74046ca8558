package kv

import (
	"cmp"
	"errors"
	"slices"
)

// prepare removes the dropped windows first, so that those that began anew hold.
func (w *Windows[V]) prepare(log Log) error {
	slices.SortFunc(w.graves, func(a, b *window[V]) int { return cmp.Compare(a.start, b.start) })
	for graves := w.graves; len(graves) > 0; {
		n := w.run(graves)
		if err := w.bury(graves[:n], log); err != nil {
			return err
		}
		graves = graves[n:]
	}
	for _, win := range w.open {
		if err := win.prepare(&w.store, log); err != nil {
			return err
		}
	}
	return nil
}

// run returns how many of the dropped windows, from the first, have nothing in the
// database between them, so that one range covers them.
func (w *Windows[V]) run(graves []*window[V]) int {
	for i := 1; i < len(graves); i++ {
		first, _ := slices.BinarySearch(w.starts, graves[i-1].start)
		for _, win := range w.open[first:] {
			if win.start >= graves[i].start {
				break
			}
			if win.stored {
				return i
			}
		}
	}
	return len(graves)
}

// bury removes windows that follow each other.
func (w *Windows[V]) bury(graves []*window[V], log Log) error {
	s := &w.store
	e := newEraser(s.state.batch, s.number, graves[0].prefix, next(graves[len(graves)-1].prefix), log)
	for _, g := range graves {
		var live *cache[V]
		if win := w.window(g.start); win != nil {
			live = win.cache
		}
		var err error
		if g.complete {
			err = g.eraseCached(s, live, &e)
		} else {
			err = g.eraseStored(s, next(g.prefix), live, &e)
		}
		if err != nil {
			return err
		}
	}
	e.finish()
	return nil
}

func (w *Windows[V]) applied() {
	w.freeGraves()
	for _, win := range w.open {
		win.applied(&w.store)
	}
}

func (w *Windows[V]) freeGraves() {
	for _, g := range w.graves {
		g.free(&w.store)
	}
	clear(w.graves)
	w.graves = w.graves[:0]
}

func (w *Windows[V]) evictable() int64 {
	if len(w.graves) > 0 {
		return 0
	}
	_, n := w.largest()
	return n
}

// largest returns the window of which most can be evicted, the older one of two.
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

// reset forgets everything, and finds the windows that the database holds.
func (w *Windows[V]) reset() error {
	w.freeAll()
	return w.find()
}

func (w *Windows[V]) release() {
	w.freeAll()
	w.dropIdle()
}

func (w *Windows[V]) freeAll() {
	w.freeGraves()
	for _, win := range w.open {
		win.free(&w.store)
	}
	w.open, w.starts, w.last = nil, nil, nil
}

var errNoWindow = errors.New("a stored key is shorter than its window's start")
