package kv

import (
	"bytes"
	"errors"

	"github.com/gretestream/grete/kv/internal/order"
)

// ascend calls f for the entries in [from, to) in the order of their keys, until it
// returns false. f must not use the store.
func (c *cache[V]) ascend(s *store[V], from, to []byte, f func(key []byte, v *V) (bool, error)) error {
	if c.whole() && c.sorts {
		return c.ascendWhole(s, from, to, f)
	}
	return c.ascendMerged(s, from, to, f)
}

// ascendWhole goes over the items of a cache whose young generation has all entries.
func (c *cache[V]) ascendWhole(s *store[V], from, to []byte, f func(key []byte, v *V) (bool, error)) error {
	t := c.young
	items := t.ascending(&s.state.sorter, &s.pool)
	for _, i := range items[max(t.search(items, from, &s.pool), c.skip):] {
		it := t.at(i, &s.pool)
		key := t.key(it)
		if to != nil && bytes.Compare(key, to) >= 0 {
			return nil
		}
		if it.flags&present == 0 {
			continue
		}
		if more, err := f(key, &it.value); err != nil || !more {
			return err
		}
	}
	return nil
}

// ascendMerged goes over the database and the dirty items, which replace the entries
// that the database has for their keys.
func (c *cache[V]) ascendMerged(s *store[V], from, to []byte, f func(key []byte, v *V) (bool, error)) (err error) {
	m := merge[V]{cache: c, store: s, to: to, dirty: c.ordered(s).Seek(from)}
	below := from
	if c.dropped != nil && bytes.Compare(below, c.dropped) <= 0 {
		below = append(append([]byte(nil), c.dropped...), 0)
	}
	if c.stored {
		m.below = s.db().Iterate(s.number, append(append([]byte(nil), c.prefix...), below...), c.upper(to))
		defer func() { err = errors.Join(err, m.below.Close()) }()
	}
	return m.run(f)
}

// upper returns the end in the database of the keys before to.
func (c *cache[V]) upper(to []byte) []byte {
	if to != nil {
		return append(append([]byte(nil), c.prefix...), to...)
	}
	return After(c.prefix)
}

// A merge goes over the dirty items and the database side by side.
type merge[V any] struct {
	cache *cache[V]
	store *store[V]
	to    []byte
	dirty order.Cursor[uint32]
	below Iterator // nil if there is nothing
}

func (m *merge[V]) run(f func(key []byte, v *V) (bool, error)) error {
	dirtyKey, dirtyOK := m.nextDirty()
	belowKey, belowOK := m.nextBelow()
	for dirtyOK || belowOK {
		order := -1
		switch {
		case !dirtyOK:
			order = 1
		case belowOK:
			order = bytes.Compare(dirtyKey, belowKey)
		}
		more, err := true, error(nil)
		if order <= 0 {
			if it := m.cache.young.at(m.dirty.Value(), &m.store.pool); it.flags&present != 0 {
				more, err = f(dirtyKey, &it.value)
			}
		} else if err = m.store.read(m.cache.prefix, belowKey, m.below.Value()); err == nil {
			more, err = f(belowKey, &m.store.scratch)
		}
		if err != nil || !more {
			return err
		}
		if order <= 0 {
			dirtyKey, dirtyOK = m.nextDirty()
		}
		if order >= 0 {
			belowKey, belowOK = m.nextBelow()
		}
	}
	if m.below != nil {
		return m.below.Err()
	}
	return nil
}

func (m *merge[V]) nextDirty() ([]byte, bool) {
	if !m.dirty.Next() {
		return nil, false
	}
	key := m.dirty.Key()
	return key, m.to == nil || bytes.Compare(key, m.to) < 0
}

func (m *merge[V]) nextBelow() ([]byte, bool) {
	if m.below == nil || !m.below.Next() {
		return nil, false
	}
	return m.below.Key()[len(m.cache.prefix):], true
}
