package window

import (
	"math"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
)

// finals is how far a task has come with final results of windows that stay.
type finals struct {
	start  int64 // windows that start before are done
	partly bool  // the one at start is done up to lastKey, too
}

func newFinals() finals { return finals{start: math.MinInt64} }

// Due is when the oldest window closes, or ends if it stays for updates.
func (w *aligned[K, M, A, R, P]) Due() int64 {
	if !w.grid.Bounded() {
		return loop.IdleTime
	}
	due := int64(loop.IdleTime)
	if start, found := w.windows.First(); found {
		due = w.grid.End(start) + w.grace
	}
	if w.updates {
		if start, found := w.windows.Next(w.finals.start); found {
			due = min(due, w.grid.End(start))
		}
	}
	return due
}

// Advance closes the windows that are due, oldest first.
func (w *aligned[K, M, A, R, P]) Advance() (bool, error) {
	room := closeChunk
	if w.updates {
		if more, err := w.finish(&room, w.time.Now()); more || err != nil {
			return more, err
		}
	}
	for {
		start, found := w.windows.First()
		if !found || w.grid.End(start)+w.grace > w.time.Now() {
			return false, nil
		}
		if room <= 0 {
			return true, nil
		}
		n, whole, err := w.close(start)
		if err != nil {
			return false, err
		}
		if !whole {
			return true, w.windows.Drop(start, w.lastKey)
		}
		if err := w.windows.Drop(start, nil); err != nil {
			return false, err
		}
		room -= n + closeCost
	}
}

// close sends the results of a window in the order of their keys, at most a chunk of them: n.
// It reports whether these were all. lastKey is then the key of the last one.
func (w *aligned[K, M, A, R, P]) close(start int64) (n int, whole bool, err error) {
	if w.updates && !w.elements {
		return 0, true, nil
	}
	whole = true
	err = w.readable(start, nil, func(key []byte, v *layout.Pane[A]) (bool, error) {
		if n >= closeChunk {
			whole = false
			return false, nil
		}
		n++
		w.lastKey = append(w.lastKey[:0], key...)
		if w.needsFinal(v) {
			if err := w.tellLast(key, start, v); err != nil {
				return false, err
			}
		}
		return true, w.agg.Forget(key, start, w.grid.After(start))
	})
	return n, whole, err
}

// needsFinal reports whether a pane has a final result to come.
func (w *aligned[K, M, A, R, P]) needsFinal(v *layout.Pane[A]) bool {
	return !v.Closed && (v.Fresh > 0 || !v.Final && !w.discarding)
}

// finish sends the final results of the windows that have ended at a time, which stay. It
// returns true if there is no room for more.
func (w *aligned[K, M, A, R, P]) finish(room *int, at int64) (more bool, err error) {
	for {
		start, found := w.windows.Next(w.finals.start)
		if !found || w.grid.Bounded() && w.grid.End(start) > at {
			return false, nil
		}
		if *room <= 0 {
			return true, nil
		}
		whole, err := w.gather(start)
		if err != nil {
			return false, err
		}
		for _, key := range w.closing {
			if err := w.finishPane(start, key, at); err != nil {
				return false, err
			}
		}
		*room -= len(w.closing) + closeCost
		if !whole {
			w.finals = finals{start, true}
			return true, nil
		}
		w.finals = finals{start: start + 1}
	}
}

// gather collects the keys of the next panes of a window that need a final result.
func (w *aligned[K, M, A, R, P]) gather(start int64) (whole bool, err error) {
	w.closing, w.memory, whole = w.closing[:0], w.memory[:0], true
	var after []byte
	if w.finals.partly && w.finals.start == start {
		after = append(after, w.lastKey...)
	}
	n := 0
	err = w.readable(start, after, func(key []byte, v *layout.Pane[A]) (bool, error) {
		if n >= closeChunk {
			whole = false
			return false, nil
		}
		n++
		w.lastKey = append(w.lastKey[:0], key...)
		if w.needsFinal(v) {
			begin := len(w.memory)
			w.memory = append(w.memory, key...)
			w.closing = append(w.closing, w.memory[begin:len(w.memory):len(w.memory)])
		}
		return true, nil
	})
	return whole, err
}

// finishPane sends the final result of a pane, which stays: for updates; at the end of a bounded
// run as a mark, without its value, or whole if its window never ends.
func (w *aligned[K, M, A, R, P]) finishPane(start int64, key []byte, at int64) error {
	v, _, err := w.windows.Upsert(start, key)
	if err != nil {
		return err
	}
	if at != math.MaxInt64 {
		return w.tell(key, start, v, timing(&v.Emitted), w.fire)
	}
	if !w.grid.Bounded() {
		return w.tell(key, start, v, Final, w.fire)
	}
	if err := w.tellLast(key, start, v); err != nil {
		return err
	}
	*v = layout.Pane[A]{Closed: true}
	return w.agg.Forget(key, start, w.grid.After(start))
}

// End sends what is open before its time.
func (w *aligned[K, M, A, R, P]) End() (bool, error) {
	if !w.ending {
		w.ending, w.finals = true, newFinals()
	}
	room := closeChunk
	return w.finish(&room, math.MaxInt64)
}
