package layout

import (
	"math"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// Never is the expiry of what doesn't expire, and the next expiry of a store that
// is empty.
const Never = math.MaxInt64

// Expiring are values by key that expire: at a time that each has, in ms of event
// time, and that may move with each change.
//
// Nothing expires by itself: [Expiring.Expire] is called as the watermark advances,
// and removes what is due. An index in order of time finds it; it has one entry for
// each value and isn't in the changelog. Moving an expiry on leaves the index as it
// is. When the index entry comes due, it moves to where the expiry is by then.
type Expiring[V any] struct {
	entries *kv.Values[mortal[V]]
	index   *kv.Values[struct{}]
	first   first

	buf []byte // a key in the index
	due dueKeys
}

// NewExpiring returns the values of a store, of which there is one view at a time.
func NewExpiring[V any](s *kv.State, store int, values serde.Serde[V]) *Expiring[V] {
	return &Expiring[V]{
		entries: kv.NewSpace(s, store, kv.Space{Tag: tagEntries}, newMortalSerde(values)),
		index:   kv.NewSpace(s, store, kv.Space{Tag: tagIndex, Derived: true}, emptySerde{}),
		first:   first{at: math.MinInt64},
	}
}

// emptySerde is that of the values of an index, which has keys alone.
type emptySerde struct{}

func (emptySerde) Append(dst []byte, _ struct{}) ([]byte, error)      { return dst, nil }
func (emptySerde) AppendFrom(dst []byte, _ *struct{}) ([]byte, error) { return dst, nil }
func (emptySerde) Parse([]byte) (struct{}, error)                     { return struct{}{}, nil }
func (emptySerde) ParseInto([]byte, *struct{}) error                  { return nil }

// Get returns a key's value and its expiry, to read only, valid until the next call.
func (e *Expiring[V]) Get(key []byte) (v *V, expires int64, found bool, err error) {
	m, found, err := e.entries.Get(key)
	if err != nil || !found {
		return nil, 0, false, err
	}
	return &m.value, m.expires, true, nil
}

// Upsert returns a key's value to be changed, until the next call, and sets its
// expiry. A key that doesn't exist exists from then on, with a zero value.
func (e *Expiring[V]) Upsert(key []byte, expires int64) (v *V, existed bool, err error) {
	m, existed, err := e.entries.Upsert(key)
	if err != nil {
		return nil, false, err
	}
	m.expires = expires
	if existed && m.armed <= expires {
		return &m.value, true, nil
	}
	if existed {
		if err := e.disarm(m.armed, key); err != nil {
			return nil, false, err
		}
	}
	m.armed = expires
	return &m.value, existed, e.arm(expires, key)
}

// Extend is Upsert, except that it never moves the expiry of an existing key back.
func (e *Expiring[V]) Extend(key []byte, expires int64) (v *V, existed bool, err error) {
	m, existed, err := e.entries.Upsert(key)
	switch {
	case err != nil:
		return nil, false, err
	case existed:
		m.expires = max(m.expires, expires)
		return &m.value, true, nil
	}
	m.expires, m.armed = expires, expires
	return &m.value, false, e.arm(expires, key)
}

// arm adds an entry to the index.
func (e *Expiring[V]) arm(at int64, key []byte) error {
	e.known().add(at)
	_, _, err := e.index.Upsert(e.indexKey(at, key))
	return err
}

// disarm removes an entry from the index.
func (e *Expiring[V]) disarm(at int64, key []byte) error {
	e.known().remove(at)
	return e.index.Delete(e.indexKey(at, key))
}

func (e *Expiring[V]) indexKey(at int64, key []byte) []byte {
	e.buf = append(appendTime(e.buf[:0], at), key...)
	return e.buf
}

// Delete removes a key.
func (e *Expiring[V]) Delete(key []byte) error {
	m, found, err := e.entries.Get(key)
	if err != nil || !found {
		return err
	}
	if err := e.disarm(m.armed, key); err != nil {
		return err
	}
	return e.entries.Delete(key)
}

// Range calls f for the keys in [from, to) in order, until it returns false; a nil
// to is the end. The value is to read only. f must not use the store.
func (e *Expiring[V]) Range(from, to []byte, f func(key []byte, v *V, expires int64) (bool, error)) error {
	return e.entries.Range(from, to, func(key []byte, m *mortal[V]) (bool, error) {
		return f(key, &m.value, m.expires)
	})
}

// expiringLayout is that of [Expiring].
type expiringLayout struct{}

func (expiringLayout) Args() []string             { return nil }
func (expiringLayout) numbered() bool             { return true }
func (expiringLayout) Derive() kv.Derive          { return deriveIndex }
func (expiringLayout) Entries() (from, to []byte) { return entriesSpace() }

func (expiringLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	key, err := untagged(stored)
	return append(dst, key...), err
}

func (expiringLayout) Value(_, stored []byte) ([]byte, bool, error) { return mortalValue(stored) }

func (expiringLayout) Select(q Query) (*Selection, error) {
	if q.HasKey {
		return exact(q.Key, append([]byte{tagEntries}, q.Key...)), nil
	}
	s := &Selection{}
	s.From, s.To = entriesSpace()
	s.From = append(s.From, q.From...)
	if q.To != nil {
		s.To = append([]byte{tagEntries}, q.To...)
	}
	return s, nil
}

func (expiringLayout) show(e *Entry, stored, value []byte) ([]byte, error) {
	key, err := untagged(stored)
	if err != nil {
		return nil, err
	}
	expires, _, _, err := splitMortal(value)
	e.Expires = &expires
	return key, err
}
