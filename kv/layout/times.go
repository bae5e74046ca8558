package layout

import (
	"encoding/binary"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// An At is where an entry stands among those of its key: by time, in ms of event
// time, and then by sequence, if the store has sequence numbers.
type At struct {
	Time     int64
	Sequence uint64
}

// timeKeys encode keys of entries in order of time: the record's key, the time, and
// a sequence number if they have one.
type timeKeys struct {
	sequence bool
	from, to []byte // the last keys that were encoded
}

// key returns the key of an entry, valid until the next call.
func (k *timeKeys) key(key []byte, at At) []byte {
	k.from = appendTime(AppendKey(k.from[:0], key), at.Time)
	if k.sequence {
		k.from = binary.BigEndian.AppendUint64(k.from, at.Sequence)
	}
	return k.from
}

// bounds returns the range of a key's entries with a time in [from, to), valid until
// the next call of it or of key.
func (k *timeKeys) bounds(key []byte, from, to int64) (first, end []byte) {
	k.from = AppendKey(k.from[:0], key)
	k.to = appendTime(append(k.to[:0], k.from...), to)
	k.from = appendTime(k.from, from)
	return k.from, k.to
}

// split returns where an entry stands, by what follows the record's key.
func (k *timeKeys) split(rest []byte) (at At, err error) {
	at.Time, rest, err = splitTime(rest)
	switch {
	case err != nil:
		return at, err
	case k.sequence:
		at.Sequence, err = splitSequence(rest)
	case len(rest) != 0:
		err = errKey
	}
	return at, err
}

// Times are values by key and time, and by sequence number if they have one.
type Times[V any] struct {
	values *kv.Values[V]
	keys   timeKeys
}

// NewTimes returns the values of a store, of which there is one view at a time.
func NewTimes[V any](s *kv.State, store int, sequence bool, values serde.Serde[V]) *Times[V] {
	return &Times[V]{values: kv.NewValues(s, store, values), keys: timeKeys{sequence: sequence}}
}

// Get returns an entry's value, to read only, valid until the next call.
func (t *Times[V]) Get(key []byte, at At) (v *V, found bool, err error) {
	return t.values.Get(t.keys.key(key, at))
}

// Upsert returns an entry's value to be changed, until the next call. An entry that
// doesn't exist exists from then on, with a zero value.
func (t *Times[V]) Upsert(key []byte, at At) (v *V, existed bool, err error) {
	return t.values.Upsert(t.keys.key(key, at))
}

// Delete removes an entry.
func (t *Times[V]) Delete(key []byte, at At) error { return t.values.Delete(t.keys.key(key, at)) }

// Range calls f for the entries of a key with a time in [from, to), in order, until
// it returns false. The value is to read only. f must not use the store.
func (t *Times[V]) Range(key []byte, from, to int64, f func(at At, v *V) (bool, error)) error {
	first, end := t.keys.bounds(key, from, to)
	prefix := len(first) - 8
	return t.values.Range(first, end, func(stored []byte, v *V) (bool, error) {
		at, err := t.keys.split(stored[prefix:])
		if err != nil {
			return false, err
		}
		return f(at, v)
	})
}

// DeleteRange removes the entries of a key with a time in [from, to).
func (t *Times[V]) DeleteRange(key []byte, from, to int64) error {
	return t.values.DeleteRange(t.keys.bounds(key, from, to))
}

// ExpiringTimes are [Times] whose entries expire as those of [Expiring] do: the
// records that a join waits with; sessions, whose time is their start.
type ExpiringTimes[V any] struct {
	values *Expiring[V]
	keys   timeKeys
	key    []byte // that Expire gives to its function
}

// NewExpiringTimes returns the values of a store, of which there is one view at a
// time.
func NewExpiringTimes[V any](s *kv.State, store int, sequence bool, values serde.Serde[V]) *ExpiringTimes[V] {
	return &ExpiringTimes[V]{values: NewExpiring(s, store, values), keys: timeKeys{sequence: sequence}}
}

// Get returns an entry's value and its expiry, to read only, valid until the next
// call.
func (t *ExpiringTimes[V]) Get(key []byte, at At) (v *V, expires int64, found bool, err error) {
	return t.values.Get(t.keys.key(key, at))
}

// Upsert returns an entry's value to be changed, until the next call, and sets its
// expiry. An entry that doesn't exist exists from then on, with a zero value.
func (t *ExpiringTimes[V]) Upsert(key []byte, at At, expires int64) (v *V, existed bool, err error) {
	return t.values.Upsert(t.keys.key(key, at), expires)
}

// Delete removes an entry.
func (t *ExpiringTimes[V]) Delete(key []byte, at At) error {
	return t.values.Delete(t.keys.key(key, at))
}

// Range calls f for the entries of a key with a time in [from, to), in order, until
// it returns false. The value is to read only. f must not use the store.
func (t *ExpiringTimes[V]) Range(key []byte, from, to int64, f func(at At, v *V, expires int64) (bool, error)) error {
	first, end := t.keys.bounds(key, from, to)
	prefix := len(first) - 8
	return t.values.Range(first, end, func(stored []byte, v *V, expires int64) (bool, error) {
		at, err := t.keys.split(stored[prefix:])
		if err != nil {
			return false, err
		}
		return f(at, v, expires)
	})
}

// Next returns a time before which nothing expires; see [Expiring.Next].
func (t *ExpiringTimes[V]) Next() (int64, error) { return t.values.Next() }

// Expire removes the entries whose expiry is now or before; see [Expiring.Expire].
func (t *ExpiringTimes[V]) Expire(now int64, limit int, f func(key []byte, at At, v *V) error) (more bool, err error) {
	return t.values.Expire(now, limit, func(stored []byte, _ int64, v *V) error {
		key, rest, err := SplitKey(t.key[:0], stored)
		if err != nil {
			return err
		}
		t.key = key
		at, err := t.keys.split(rest)
		if err != nil {
			return err
		}
		return f(key, at, v)
	})
}
