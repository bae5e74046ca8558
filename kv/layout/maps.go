package layout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A Map has a map for each key, whose entries are in the order of the map keys.
type Map[J cmp.Ordered, V any] struct {
	values   *kv.Values[V]
	order    Order[J]
	from, to []byte // the last keys that were encoded
}

// NewMap returns the maps of a store, of which there is one view at a time.
func NewMap[J cmp.Ordered, V any](s *kv.State, store int, values serde.Serde[V]) *Map[J, V] {
	return &Map[J, V]{values: kv.NewValues(s, store, values), order: NewOrder[J]()}
}

// key returns the key of an entry, valid until the next call.
func (m *Map[J, V]) key(key []byte, j J) []byte {
	m.from = m.order.append(AppendKey(m.from[:0], key), j)
	return m.from
}

// Get returns the value of a map key, to read only, valid until the next call.
func (m *Map[J, V]) Get(key []byte, j J) (v *V, found bool, err error) {
	return m.values.Get(m.key(key, j))
}

// Upsert returns the value of a map key to be changed, until the next call. If it
// doesn't exist it exists from then on, with a zero value.
func (m *Map[J, V]) Upsert(key []byte, j J) (v *V, existed bool, err error) {
	return m.values.Upsert(m.key(key, j))
}

// Delete removes a map key.
func (m *Map[J, V]) Delete(key []byte, j J) error { return m.values.Delete(m.key(key, j)) }

// Ascend calls f for the entries of a key's map in order, until it returns false. The
// value is to read only. f must not use the store.
func (m *Map[J, V]) Ascend(key []byte, f func(j J, v *V) (bool, error)) error {
	first, end := m.all(key)
	return m.ascend(first, end, len(first), f)
}

// Range calls f for the entries with a map key in [from, to), as Ascend does.
func (m *Map[J, V]) Range(key []byte, from, to J, f func(j J, v *V) (bool, error)) error {
	m.from = AppendKey(m.from[:0], key)
	prefix := len(m.from)
	m.to = m.order.append(append(m.to[:0], m.from...), to)
	m.from = m.order.append(m.from, from)
	return m.ascend(m.from, m.to, prefix, f)
}

func (m *Map[J, V]) ascend(first, end []byte, prefix int, f func(j J, v *V) (bool, error)) error {
	return m.values.Range(first, end, func(stored []byte, v *V) (bool, error) {
		j, err := m.order.Parse(stored[prefix:])
		if err != nil {
			return false, err
		}
		return f(j, v)
	})
}

// all returns the range of a key's entries, valid until the next call.
func (m *Map[J, V]) all(key []byte) (first, end []byte) {
	m.from = AppendKey(m.from[:0], key)
	m.to = append(m.to[:0], m.from...)
	m.to[len(m.to)-1] = 1 // after the end of the key, which is two zeros
	return m.from, m.to
}

// Clear removes all entries of a key's map.
func (m *Map[J, V]) Clear(key []byte) error { return m.values.DeleteRange(m.all(key)) }

// mapsLayout is that of [Map].
type mapsLayout struct{ order string }

func parseMaps(params map[string]string) (Layout, error) {
	l := mapsLayout{params[ParamOrder]}
	if !slices.Contains([]string{orderText, orderSigned, orderUnsigned, orderFloat}, l.order) {
		return nil, fmt.Errorf("%s is %q, which is unknown", ParamOrder, l.order)
	}
	return l, nil
}

// argMapKey is the map key of an entry.
const argMapKey = "mapKey"

func (mapsLayout) Args() []string             { return []string{argMapKey} }
func (mapsLayout) numbered() bool             { return true }
func (mapsLayout) Derive() kv.Derive          { return nil }
func (mapsLayout) Entries() (from, to []byte) { return nil, nil }

func (mapsLayout) Value(_, stored []byte) ([]byte, bool, error) { return stored, true, nil }

func (mapsLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	key, _, err := SplitKey(dst, stored)
	return key, err
}

func (l mapsLayout) show(e *Entry, stored, _ []byte) ([]byte, error) {
	key, rest, err := SplitKey(nil, stored)
	if err != nil {
		return nil, err
	}
	e.MapKey, err = showOrdered(l.order, rest)
	return key, err
}

func (l mapsLayout) Select(q Query) (*Selection, error) {
	if err := keyed(q, argMapKey); err != nil {
		return nil, err
	}
	if !q.HasKey {
		return rangeOfKeys(l, nil, q), nil
	}
	prefix := AppendKey(nil, q.Key)
	if !q.Args.Has(argMapKey) {
		return ofKey(q.Key, prefix), nil
	}
	j, err := orderedFromText(l.order, q.Args.Get(argMapKey))
	if err != nil {
		return nil, fmt.Errorf("%s: %q doesn't fit the map's keys", argMapKey, q.Args.Get(argMapKey))
	}
	return exact(q.Key, append(prefix, j...)), nil
}
