package kv

import (
	"bytes"
	"sort"
)

// A table is a hash table from keys to values: the hottest code of the product. Items
// are numbered in the order of insertion. They are in chunks, so that none but the
// first few ever move. Open addressing finds them by hash. Nothing is removed from a
// table; it is freed as a whole.
type table[V any] struct {
	slots  []uint64 // hash<<32 | number+1; 0 is free; the length is a power of two
	n      int      // items
	chunks [][]item[V]
	keys   slab
	dirty  []uint32 // numbers of the items that are marked dirty, once each
	sorted []uint32 // all items by key, if it has n of them
	heap   int64    // charged for what values point to
	bytes  int64    // charged for slots, chunks of items, and the table itself
	// cleared is how many slots of a table that is to be reused are cleared.
	cleared int
}

// item is an entry of a table.
type item[V any] struct {
	key   ref
	flags flags
	klen  uint32
	size  uint32 // of the encoded value, as it was last seen
	value V
}

type flags uint8

const (
	// present: the key has a value. Otherwise it is known not to exist.
	present flags = 1 << iota
	// stored: the changelog may have the key, so that deleting it takes a tombstone.
	stored
	// dirty: changed since the last commit.
	dirty
	// inSegment: what it was before the current segment is saved.
	inSegment
)

// at returns an item by its number.
func (t *table[V]) at(i uint32, p *pool[V]) *item[V] {
	return &t.chunks[i>>p.shift][i&(1<<p.shift-1)]
}

// key returns an item's key, valid until the table is freed.
func (t *table[V]) key(it *item[V]) []byte { return t.keys.at(it.key, it.klen) }

// find returns the item with a key, or nil.
func (t *table[V]) find(hash uint32, key []byte, p *pool[V]) (uint32, *item[V]) {
	if len(t.slots) == 0 {
		return 0, nil
	}
	mask := uint32(len(t.slots) - 1)
	for s := hash & mask; ; s = (s + 1) & mask {
		slot := t.slots[s]
		if slot == 0 {
			return 0, nil
		}
		if uint32(slot>>32) != hash {
			continue
		}
		i := uint32(slot) - 1
		if it := t.at(i, p); int(it.klen) == len(key) && string(t.key(it)) == string(key) {
			return i, it
		}
	}
}

// insert adds a key that isn't in the table, with a zero value.
func (t *table[V]) insert(hash uint32, key []byte, p *pool[V]) (uint32, *item[V]) {
	if t.n >= len(t.slots)/4*3 {
		t.growSlots(p)
	}
	i := uint32(t.n)
	t.n++
	t.growItems(i, p)
	it := t.at(i, p)
	*it = item[V]{key: t.keys.add(key, &p.memory), klen: uint32(len(key))}
	t.link(hash, i)
	return i, it
}

func (t *table[V]) link(hash, i uint32) {
	mask := uint32(len(t.slots) - 1)
	s := hash & mask
	for t.slots[s] != 0 {
		s = (s + 1) & mask
	}
	t.slots[s] = uint64(hash)<<32 | uint64(i+1)
}

func (t *table[V]) growSlots(p *pool[V]) {
	old := t.slots
	t.slots = make([]uint64, max(8, 2*len(old)))
	t.charge(int64(len(t.slots)-len(old))*slotBytes, p)
	for _, slot := range old {
		if slot != 0 {
			t.link(uint32(slot>>32), uint32(slot)-1)
		}
	}
}

// growItems makes room for item i. The first chunk grows by doubling.
func (t *table[V]) growItems(i uint32, p *pool[V]) {
	c, full := int(i>>p.shift), 1<<p.shift
	if c == len(t.chunks) {
		size := full
		if c == 0 {
			size = min(2, full)
		}
		t.chunks = append(t.chunks, p.items(size))
		t.bytes += int64(size) * p.itemBytes()
		return
	}
	if first := t.chunks[0]; c == 0 && int(i) == len(first) {
		t.chunks[0] = p.items(2 * len(first))
		copy(t.chunks[0], first)
		p.freeItems(first)
		t.bytes += int64(len(first)) * p.itemBytes()
	}
}

func (t *table[V]) charge(n int64, p *pool[V]) {
	t.bytes += n
	p.charge(n)
}

// ascending returns the numbers of all items in the order of their keys, valid until
// the next insert.
func (t *table[V]) ascending(s *sorter, p *pool[V]) []uint32 {
	if len(t.sorted) != t.n {
		t.sorted = t.sorted[:0]
		for i := range uint32(t.n) {
			t.sorted = append(t.sorted, i)
		}
		sortItems(s, t, t.sorted, p)
	}
	return t.sorted
}

// search returns the position in ascending of the first key that isn't below key.
func (t *table[V]) search(ascending []uint32, key []byte, p *pool[V]) int {
	return sort.Search(len(ascending), func(i int) bool {
		return bytes.Compare(t.key(t.at(ascending[i], p)), key) >= 0
	})
}

// size returns the bytes that the table is charged for.
func (t *table[V]) size() int64 { return t.bytes + t.heap + t.keys.bytes }
