package layout

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A Buffer keeps the records of one side of a join by key and event time, until they
// expire. Records of one key and time have sequence numbers. Each record has a mark:
// whether it is settled, so that nothing happens when it expires.
type Buffer[V any] struct {
	entries *ExpiringTimes[buffered[V]]
}

// A buffered is a record in a buffer.
type buffered[V any] struct {
	settled bool
	// last is the last sequence number of the key and time. Only the record with the
	// number 0 has it.
	last  uint64
	value V
}

// NewBuffer returns the buffer in a store, of which there is one view at a time.
func NewBuffer[V any](s *kv.State, store int, values serde.Serde[V]) *Buffer[V] {
	return &Buffer[V]{NewExpiringTimes(s, store, true, newBufferedSerde(values))}
}

// Add adds a record.
func (b *Buffer[V]) Add(key []byte, time int64, v V, settled bool, expires int64) error {
	at := At{Time: time}
	e, existed, err := b.entries.Upsert(key, at, expires)
	for err == nil && existed {
		e.last++
		next := At{Time: time, Sequence: e.last}
		if e, existed, err = b.entries.Upsert(key, next, expires); err == nil && existed {
			// The number 0 was free for a while, since its record was removed.
			e, _, err = b.entries.Upsert(key, at, expires)
		}
	}
	if err == nil {
		e.value, e.settled = v, settled
	}
	return err
}

// Range calls f for the records of a key with a time in [from, to], in order, until it
// returns false. The value is to read only. f must not use the buffer.
func (b *Buffer[V]) Range(key []byte, from, to int64, f func(at At, v *V, settled bool) (bool, error)) error {
	return b.entries.Range(key, from, to+1, func(at At, e *buffered[V], _ int64) (bool, error) {
		return f(at, &e.value, e.settled)
	})
}

// Settle marks a record as settled.
func (b *Buffer[V]) Settle(key []byte, at At, expires int64) error {
	e, _, err := b.entries.Upsert(key, at, expires)
	if err == nil {
		e.settled = true
	}
	return err
}

// Next returns a time before which no record expires; see [Expiring.Next].
func (b *Buffer[V]) Next() (int64, error) { return b.entries.Next() }

// Expire removes the records whose expiry is now or before, in order of expiry, and calls
// f for each before that. It looks at limit records at most, and returns true if more are
// due. f must not use the buffer.
func (b *Buffer[V]) Expire(now int64, limit int, f func(key []byte, at At, v *V, settled bool) error) (more bool, err error) {
	return b.entries.Expire(now, limit, func(key []byte, at At, e *buffered[V]) error {
		return f(key, at, &e.value, e.settled)
	})
}

// A Place is where a record stands in a buffer. The zero value is before all records.
type Place struct{ stored []byte }

// Unsettled calls f for records that aren't settled, in order of key and time, and removes
// those for which it returns nil. It begins after a place, looks at limit records at most,
// and returns the place of the last one, and whether there are more. f must not use the
// buffer.
func (b *Buffer[V]) Unsettled(after Place, limit int, f func(key []byte, at At, v *V) error) (last Place, more bool, err error) {
	var remove []Place
	last = after
	err = b.entries.values.Range(after.next(), nil, func(stored []byte, e *buffered[V], _ int64) (bool, error) {
		if limit == 0 {
			more = true
			return false, nil
		}
		limit--
		last = Place{append([]byte(nil), stored...)}
		if e.settled {
			return true, nil
		}
		key, rest, err := SplitKey(b.entries.key[:0], stored)
		if err != nil {
			return false, err
		}
		b.entries.key = key
		at, err := b.entries.keys.split(rest)
		if err != nil {
			return false, err
		}
		remove = append(remove, last)
		return true, f(key, at, &e.value)
	})
	for _, p := range remove {
		if err == nil {
			err = b.entries.values.Delete(p.stored)
		}
	}
	return last, more, err
}

func (p Place) next() []byte {
	if p.stored == nil {
		return nil
	}
	return append(p.stored[:len(p.stored):len(p.stored)], 0)
}

// bufferedSerde is how records are stored: a byte with flags, the last sequence number as a
// varint if there is one, and the value.
type bufferedSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

const (
	flagSettled = 1 << iota
	flagLast    // the last sequence number follows
)

func newBufferedSerde[V any](values serde.Serde[V]) bufferedSerde[V] {
	return bufferedSerde[V]{serde.Appender(values), serde.Parser(values)}
}

func (s bufferedSerde[V]) Append(dst []byte, b buffered[V]) ([]byte, error) {
	return s.AppendFrom(dst, &b)
}

func (s bufferedSerde[V]) AppendFrom(dst []byte, b *buffered[V]) ([]byte, error) {
	var flags byte
	if b.settled {
		flags |= flagSettled
	}
	if b.last == 0 {
		return s.append(append(dst, flags), &b.value)
	}
	return s.append(binary.AppendUvarint(append(dst, flags|flagLast), b.last), &b.value)
}

func (s bufferedSerde[V]) Parse(src []byte) (b buffered[V], err error) {
	err = s.ParseInto(src, &b)
	return b, err
}

func (s bufferedSerde[V]) ParseInto(src []byte, b *buffered[V]) error {
	flags, last, value, err := splitBuffered(src)
	if err != nil {
		return err
	}
	b.settled, b.last = flags&flagSettled != 0, last
	return s.parse(value, &b.value)
}

var errBuffered = errors.New("a stored record of a join is malformed")

// splitBuffered takes a stored record apart.
func splitBuffered(stored []byte) (flags byte, last uint64, value []byte, err error) {
	if len(stored) == 0 || stored[0] >= flagLast<<1 {
		return 0, 0, nil, errBuffered
	}
	flags, value = stored[0], stored[1:]
	if flags&flagLast != 0 {
		var n int
		if last, n = binary.Uvarint(value); n <= 0 {
			return 0, 0, nil, errBuffered
		}
		value = value[n:]
	}
	return flags, last, value, nil
}

// buffersLayout is that of [Buffer].
type buffersLayout struct{ timesLayout }

func (l buffersLayout) Value(key, stored []byte) ([]byte, bool, error) {
	stored, ok, err := l.timesLayout.Value(key, stored)
	if err != nil || !ok {
		return nil, false, err
	}
	_, _, value, err := splitBuffered(stored)
	return value, err == nil, err
}
