package kv

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/gretestream/grete/kv/internal/order"
)

// A sorter sorts items by key. It belongs to a State, which reuses its memory.
type sorter struct{ buf []sortKey }

func (s *sorter) bytes() int64 { return int64(cap(s.buf)) * 16 }

type sortKey struct {
	prefix uint64 // 8 bytes of the key after what all keys have in common
	item   uint32
}

// sortItems sorts the numbers of items by key. Most comparisons look at 8 bytes that are
// next to each other in memory: the common prefix of the keys ("user-0…") is skipped.
func sortItems[V any](s *sorter, t *table[V], items []uint32, p *pool[V]) {
	if len(items) < 2 {
		return
	}
	common := commonPrefix(t, items, p)
	s.buf = slices.Grow(s.buf[:0], len(items))
	for _, i := range items {
		s.buf = append(s.buf, sortKey{prefixOf(t.key(t.at(i, p))[common:]), i})
	}
	slices.SortFunc(s.buf, func(a, b sortKey) int {
		if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
			return c
		}
		return bytes.Compare(t.key(t.at(a.item, p)), t.key(t.at(b.item, p)))
	})
	for i := range s.buf {
		items[i] = s.buf[i].item
	}
}

func commonPrefix[V any](t *table[V], items []uint32, p *pool[V]) int {
	first := t.key(t.at(items[0], p))
	common := len(first)
	for _, i := range items[1:] {
		key := t.key(t.at(i, p))
		common = min(common, len(key))
		for !bytes.Equal(first[:common], key[:common]) {
			common--
		}
		if common == 0 {
			break
		}
	}
	return common
}

// prefixOf returns up to 8 bytes of a key as a number: different numbers compare as the
// keys do.
func prefixOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// A dirtyOrder has the dirty keys of a cache in order. It is kept from the first read in
// order on: most stores have none.
type dirtyOrder struct{ items *order.Map[uint32] } // nil: it isn't kept

func (o *dirtyOrder) clear() {
	if o.items != nil {
		o.items.Clear()
	}
}

// ordered returns the dirty keys of a cache in order.
func (c *cache[V]) ordered(s *store[V]) *order.Map[uint32] {
	if c.order.items == nil {
		c.order.items = &order.Map[uint32]{}
		sortItems(&s.state.sorter, c.young, c.young.dirty, &s.pool)
		for _, i := range c.young.dirty {
			c.order.items.Set(c.young.key(c.young.at(i, &s.pool)), i)
		}
	}
	return c.order.items
}
