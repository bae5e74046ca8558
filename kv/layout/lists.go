package layout

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A List has a list of values for each key. Values are appended at the end, and
// removed from the front or all at once.
type List[V any] struct {
	heads  *kv.Values[listHead]
	values *kv.Values[V]
	from   []byte // the last keys that were encoded
	to     []byte
}

// A listHead is that of a key's list: the sequence number of its first value, and
// the one after its last. It is kept with the values and as safe: a restore couldn't
// tell it from the values that it sees.
type listHead struct{ first, end uint64 }

// NewList returns the lists of a store, of which there is one view at a time.
func NewList[V any](s *kv.State, store int, values serde.Serde[V]) *List[V] {
	return &List[V]{
		values: kv.NewSpace(s, store, kv.Space{Tag: tagEntries}, values),
		heads:  kv.NewSpace(s, store, kv.Space{Tag: tagIndex}, headSerde{}),
	}
}

// Len returns the number of values of a key.
func (l *List[V]) Len(key []byte) (int, error) {
	h, found, err := l.heads.Get(key)
	if err != nil || !found {
		return 0, err
	}
	return int(h.end - h.first), nil
}

// Append appends a value and returns it to be set, until the next call.
func (l *List[V]) Append(key []byte) (*V, error) {
	h, _, err := l.heads.Upsert(key)
	if err != nil {
		return nil, err
	}
	v, _, err := l.values.Upsert(l.key(key, h.end))
	if err == nil {
		h.end++
	}
	return v, err
}

// key returns the key of a value, valid until the next call.
func (l *List[V]) key(key []byte, sequence uint64) []byte {
	l.from = binary.BigEndian.AppendUint64(AppendKey(l.from[:0], key), sequence)
	return l.from
}

// bounds returns the range of a key's values with these sequence numbers, valid until
// the next call of it or of key.
func (l *List[V]) bounds(key []byte, from, to uint64) (first, end []byte) {
	l.from = AppendKey(l.from[:0], key)
	l.to = binary.BigEndian.AppendUint64(append(l.to[:0], l.from...), to)
	l.from = binary.BigEndian.AppendUint64(l.from, from)
	return l.from, l.to
}

// Get returns a key's i-th value, to be read only, valid until the next call.
func (l *List[V]) Get(key []byte, i int) (v *V, found bool, err error) {
	h, found, err := l.heads.Get(key)
	if err != nil || !found || i < 0 || uint64(i) >= h.end-h.first {
		return nil, false, err
	}
	return l.values.Get(l.key(key, h.first+uint64(i)))
}

// Ascend calls f for the values of a key in order, until it returns false. The value
// is to read only. f must not use the store.
func (l *List[V]) Ascend(key []byte, f func(v *V) (bool, error)) error {
	h, found, err := l.heads.Get(key)
	if err != nil || !found {
		return err
	}
	first, end := l.bounds(key, h.first, h.end)
	return l.values.Range(first, end, func(_ []byte, v *V) (bool, error) { return f(v) })
}

// DeleteFirst removes the first n values of a key, or all if it has fewer.
func (l *List[V]) DeleteFirst(key []byte, n int) error {
	h, found, err := l.heads.Get(key)
	if err != nil || !found || n <= 0 {
		return err
	}
	if uint64(n) >= h.end-h.first {
		return l.Clear(key)
	}
	if h, _, err = l.heads.Upsert(key); err != nil {
		return err
	}
	h.first += uint64(n)
	return l.values.DeleteRange(l.bounds(key, h.first-uint64(n), h.first))
}

// Clear removes all values of a key.
func (l *List[V]) Clear(key []byte) error {
	h, found, err := l.heads.Get(key)
	if err != nil || !found {
		return err
	}
	if err := l.values.DeleteRange(l.bounds(key, h.first, h.end)); err != nil {
		return err
	}
	return l.heads.Delete(key)
}

// headSerde is how heads are stored: two varints.
type headSerde struct{}

var errHead = errors.New("a stored list head is malformed")

func (headSerde) Append(dst []byte, h listHead) ([]byte, error) {
	return binary.AppendUvarint(binary.AppendUvarint(dst, h.first), h.end), nil
}

func (headSerde) Parse(src []byte) (h listHead, err error) {
	first, n := binary.Uvarint(src)
	if n <= 0 {
		return h, errHead
	}
	end, m := binary.Uvarint(src[n:])
	if m <= 0 || n+m != len(src) || first > end {
		return h, errHead
	}
	return listHead{first, end}, nil
}

// listsLayout is that of [List].
type listsLayout struct{}

// argSequence is the sequence number of a value in a list.
const argSequence = "sequence"

func (listsLayout) Args() []string             { return []string{argSequence} }
func (listsLayout) numbered() bool             { return true }
func (listsLayout) Derive() kv.Derive          { return nil }
func (listsLayout) Entries() (from, to []byte) { return entriesSpace() }

func (listsLayout) Value(_, stored []byte) ([]byte, bool, error) { return stored, true, nil }

func (listsLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	stored, err := untagged(stored)
	if err != nil {
		return nil, err
	}
	key, _, err := SplitKey(dst, stored)
	return key, err
}

func (listsLayout) show(e *Entry, stored, _ []byte) ([]byte, error) {
	stored, err := untagged(stored)
	if err != nil {
		return nil, err
	}
	key, rest, err := SplitKey(nil, stored)
	if err != nil {
		return nil, err
	}
	n, err := splitSequence(rest)
	e.Sequence = &n
	return key, err
}

func (l listsLayout) Select(q Query) (*Selection, error) {
	if err := keyed(q, argSequence); err != nil {
		return nil, err
	}
	from, _ := l.Entries()
	if !q.HasKey {
		return rangeOfKeys(l, from, q), nil
	}
	prefix := AppendKey(from, q.Key)
	n, given, err := numberArg(q.Args, argSequence)
	if err != nil {
		return nil, err
	}
	if given {
		return exact(q.Key, binary.BigEndian.AppendUint64(prefix, n)), nil
	}
	return ofKey(q.Key, prefix), nil
}
