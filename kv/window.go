package kv

import "unsafe"

// A window is what memory has of one of the Windows.
type window[V any] struct {
	cache[V]
	start      int64
	slot       int        // in touched, plus 1; 0: it isn't there
	recent     bool       // it was used since residents looked at it
	prev, next *window[V] // of the residents
	key        [8]byte    // the prefix of its keys
}

// touched is an entry of the list of used windows; its window is nil if that was dropped.
type touched[V any] struct {
	start  int64
	window *window[V]
}

// indexBytes is what each window is charged for the index of their starts, whether it is
// in memory or not.
const indexBytes = 24

// windowBytes is what a window in memory is charged besides its tables.
func (w *Windows[V]) windowBytes() int64 {
	return int64(unsafe.Sizeof(window[V]{}) + unsafe.Sizeof(touched[V]{}))
}

func (w *Windows[V]) newWindow(start int64, complete bool) *window[V] {
	win := &window[V]{start: start}
	win.cache = w.store.newCache(appendStart(win.key[:0], start), complete)
	win.sorts = true
	w.store.pool.charge(w.windowBytes())
	w.resident.add(win)
	return win
}

// add adds a window to the index.
func (w *Windows[V]) add(start int64, win *window[V]) {
	w.open.Set(start, win)
	w.store.pool.charge(indexBytes)
}

// touch notes that a window is used.
func (w *Windows[V]) touch(win *window[V]) {
	win.recent = true
	if win.slot == 0 {
		w.touched = append(w.touched, touched[V]{win.start, win})
		win.slot = len(w.touched)
	}
}

// untouch removes a window from the list of used ones.
func (w *Windows[V]) untouch(win *window[V]) {
	if win.slot > 0 {
		w.touched[win.slot-1].window = nil
		win.slot = 0
	}
}

// free frees a window's memory. The window is neither touched nor resident any more. It
// returns its work.
func (w *Windows[V]) free(win *window[V]) (work int) {
	w.store.pool.charge(-w.windowBytes())
	return win.condemn(&w.store)
}

// residents are the windows in memory, in a ring. A hand goes round it and evicts those
// that weren't used since it was there last (the algorithm known as CLOCK).
type residents[V any] struct {
	hand *window[V] // the next one to look at; nil: there is none
	n    int
	idle int // windows that the hand has passed since it last evicted one, or since the last commit
}

// add adds a window as the last one that the hand comes to.
func (r *residents[V]) add(win *window[V]) {
	r.n++
	if r.hand == nil {
		win.prev, win.next, r.hand = win, win, win
		return
	}
	win.prev, win.next = r.hand.prev, r.hand
	win.prev.next, win.next.prev = win, win
}

func (r *residents[V]) remove(win *window[V]) {
	r.n--
	if r.hand == win {
		r.hand = win.next
	}
	if r.n == 0 {
		r.hand = nil
	}
	win.prev.next, win.next.prev = win.next, win.prev
	win.prev, win.next = nil, nil
}

// candidate moves the hand on by one window, and returns that if it may be evicted. more
// is false if the hand has come round without one.
func (r *residents[V]) candidate() (win *window[V], more bool) {
	if r.hand == nil || r.idle > 2*r.n {
		return nil, false
	}
	win = r.hand
	r.hand = win.next
	r.idle++
	if win.slot > 0 || win.recent || !win.evictable() {
		win.recent = false
		return nil, true
	}
	r.idle = 0
	return win, true
}
