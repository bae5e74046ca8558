package memory

import (
	"bytes"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// Reader returns a reader. Writes wait for its calls.
func (d *database) Reader() kv.Reader { return reader{d} }

type reader struct{ db *database }

// enter must be followed by db.mu.RUnlock, unless it returns an error.
func (r reader) enter() error {
	r.db.mu.RLock()
	if r.db.closed {
		r.db.mu.RUnlock()
		return stream.ErrClosed
	}
	return nil
}

func (r reader) Get(store int, key, dst []byte) ([]byte, bool, error) {
	if err := r.enter(); err != nil {
		return dst, false, err
	}
	defer r.db.mu.RUnlock()
	v, found := r.db.stores[store].Get(key)
	if !found {
		return dst, false, nil
	}
	return append(dst, *v...), true, nil
}

func (r reader) Range(store int, from, to []byte, f func(key, value []byte) bool) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.db.mu.RUnlock()
	for c := r.db.stores[store].Seek(from); c.Next(); {
		if to != nil && bytes.Compare(c.Key(), to) >= 0 || !f(c.Key(), c.Value()) {
			return nil
		}
	}
	return nil
}

func (r reader) Stats(store int) (kv.Stats, error) {
	if err := r.enter(); err != nil {
		return kv.Stats{}, err
	}
	defer r.db.mu.RUnlock()
	return r.db.stores[store].stats(), nil
}
