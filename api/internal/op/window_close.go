package op

import (
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
)

// emit sends the panes of a window whose keys come after a key, in the order of
// their keys, and at most a chunk of them: n. It reports whether these were all.
// lastKey is then the key of the last one, closing the keys of all.
func (w *window[K, M, A, P]) emit(start int64, after []byte) (n int, whole bool, err error) {
	w.closing = w.closing[:0]
	for {
		whole, err = w.emitReadable(start, after, &n)
		unreadable := (*kv.EntryError)(nil)
		if !errors.As(err, &unreadable) || !unreadable.Stored {
			return n, whole, err
		}
		w.firing.Key, w.firing.Start, w.closed = unreadable.Key, start, nil
		w.scope.Operator = w.id
		if err := w.task.Fire(&w.firing, func() error { return err }); err != nil {
			return n, false, err
		}
		n++
		w.lastKey = append(w.lastKey[:0], unreadable.Key...)
		after = unreadable.Key
	}
}

// emitReadable is emit up to the first value that can't be decoded.
func (w *window[K, M, A, P]) emitReadable(start int64, after []byte, n *int) (whole bool, err error) {
	whole = true
	err = w.windows.Ascend(start, after, func(key []byte, v *layout.Pane[A]) (bool, error) {
		if *n >= closeChunk {
			whole = false
			return false, nil
		}
		*n++
		w.lastKey = append(w.lastKey[:0], key...)
		if v.Closed {
			return true, nil
		}
		w.closing = append(w.closing, append([]byte(nil), key...))
		return true, w.fire(start, key, v)
	})
	return whole, err
}

// fire sends a pane. One that fails is left out, if the policy says so.
func (w *window[K, M, A, P]) fire(start int64, key []byte, v *layout.Pane[A]) error {
	w.firing.Key, w.firing.Start, w.closed = key, start, v
	return w.task.Fire(&w.firing, w.sendPane)
}

// kept returns an error if the pane that fires can't be kept: then the record is to blame
// that has made it.
func (w *window[K, M, A, P]) kept() error {
	if w.closed == nil {
		return nil // it can't be decoded
	}
	return w.windows.Check(w.firing.Start, w.firing.Key, w.closed)
}

// send passes the pane that fires on. Its event time is the last one of its window, so that
// it falls into the same window when it is windowed again.
func (w *window[K, M, A, P]) send() error {
	start, key := w.firing.Start, w.firing.Key
	w.scope.Operator = w.id
	k, err := w.keys.Parse(key)
	if err != nil {
		return keyError(key, err)
	}
	w.scope.Key, w.scope.Time, w.scope.Partition = key, start+w.size-1, w.task.ID
	return w.down(w.pane(Closed[K, A]{Key: k, Start: start, End: start + w.size, Value: w.closed.Value}))
}
