package kv

import (
	"math"
	"unsafe"
)

// slotBytes is what a slot is charged: its own bytes, and its part of dirty and sorted.
const slotBytes = 8 + 6

// chunkBytes is the size that chunks of items aim at.
const chunkBytes = 16 << 10

// A pool is the memory of a view's tables.
type pool[V any] struct {
	memory
	shift     uint        // a full chunk has 1<<shift items
	pointers  bool        // V contains pointers: its size in memory is guessed from the encoded one
	chunks    [][]item[V] // free
	tables    []*table[V] // free, with their slots
	condemned []*table[V] // not used any more, to be freed by sweep
}

func newPool[V any](budget *Budget) pool[V] {
	p := pool[V]{memory: memory{budget: budget}, shift: 3, pointers: hasPointers[V]()}
	for p.itemBytes()<<(p.shift+1) <= chunkBytes {
		p.shift++
	}
	return p
}

func (p *pool[V]) itemBytes() int64 {
	var i item[V]
	return int64(unsafe.Sizeof(i))
}

// tableBytes is what a table is charged besides slots, items and keys.
func (p *pool[V]) tableBytes() int64 {
	var t table[V]
	return int64(unsafe.Sizeof(t)) + int64(unsafe.Sizeof(t.chunks)+unsafe.Sizeof(t.keys.chunks))
}

// table returns an empty table.
func (p *pool[V]) table() *table[V] {
	last := len(p.tables) - 1
	if last < 0 {
		t := &table[V]{}
		t.charge(p.tableBytes(), p)
		return t
	}
	t := p.tables[last]
	p.tables[last] = nil
	p.tables = p.tables[:last]
	t.bytes = p.emptyBytes(t)
	p.reuse(t.bytes)
	return t
}

// emptyBytes is what a table without items is charged.
func (p *pool[V]) emptyBytes(t *table[V]) int64 {
	return p.tableBytes() + int64(len(t.slots))*slotBytes
}

// condemn frees a table, now if it is small, otherwise by sweep. It returns its work. The
// table must not be used afterwards.
func (p *pool[V]) condemn(t *table[V]) (work int) {
	if n := t.size(); n > int64(p.budget.stepWork())<<10/chunkWork/8 { // an eighth of a step
		p.doom(n)
		p.condemned = append(p.condemned, t)
		return evictWork
	}
	work, _ = p.reclaim(t, math.MaxInt)
	return work + evictWork
}

// sweep frees memory of condemned tables, and returns its work, of which it has about
// limit at most.
func (p *pool[V]) sweep(limit int) (work int) {
	for len(p.condemned) > 0 && work < limit {
		last := len(p.condemned) - 1
		before := p.held
		spent, done := p.reclaim(p.condemned[last], limit-work)
		p.doom(p.held - before)
		if done {
			p.condemned[last] = nil
			p.condemned = p.condemned[:last]
		}
		work += spent + 1
	}
	return work
}

// reclaim frees memory of a table: about limit units of work at most. It reports whether
// nothing is left.
func (p *pool[V]) reclaim(t *table[V], limit int) (work int, done bool) {
	for n := len(t.chunks); n > 0 && work < limit; n-- {
		p.freeItems(t.chunks[n-1])
		t.chunks[n-1] = nil
		t.chunks = t.chunks[:n-1]
		work += chunkWork
	}
	for n := len(t.keys.chunks); n > 0 && work < limit; n-- {
		p.freeBytes(t.keys.chunks[n-1])
		t.keys.chunks[n-1] = nil
		t.keys.chunks = t.keys.chunks[:n-1]
		work += slabWork
	}
	if work >= limit {
		return work, false
	}
	spent, done := p.reclaimSlots(t, limit-work)
	return work + spent, done
}

// reclaimSlots frees what reclaim has left: the table with its slots.
func (p *pool[V]) reclaimSlots(t *table[V], limit int) (work int, done bool) {
	if len(t.slots) > 8*t.n || len(p.tables) >= 4 {
		// Too large for another table like this one.
		p.charge(-t.heap - p.emptyBytes(t))
		t.heap, t.slots = 0, nil
		return 0, true
	}
	for t.cleared < len(t.slots) {
		if work >= limit {
			return work, false
		}
		end := min(t.cleared+slotsAtOnce, len(t.slots))
		clear(t.slots[t.cleared:end])
		work += slotsWork * (end - t.cleared) / slotsAtOnce
		t.cleared = end
	}
	p.charge(-t.heap)
	p.reuse(-p.emptyBytes(t))
	*t = table[V]{
		slots: t.slots, chunks: t.chunks, keys: slab{chunks: t.keys.chunks},
		dirty: t.dirty[:0], sorted: t.sorted[:0],
	}
	p.tables = append(p.tables, t)
	return work, true
}

func (p *pool[V]) items(n int) []item[V] {
	if last := len(p.chunks) - 1; n == 1<<p.shift && last >= 0 {
		c := p.chunks[last]
		p.chunks[last] = nil
		p.chunks = p.chunks[:last]
		p.reuse(int64(n) * p.itemBytes())
		return c
	}
	p.charge(int64(n) * p.itemBytes())
	return make([]item[V], n)
}

func (p *pool[V]) freeItems(c []item[V]) {
	if len(c) == 1<<p.shift {
		if p.pointers {
			clear(c)
		}
		p.chunks = append(p.chunks, c)
		p.reuse(-int64(len(c)) * p.itemBytes())
		return
	}
	p.charge(-int64(len(c)) * p.itemBytes())
}

// dropIdle leaves memory that is kept for reuse to the garbage collector.
func (p *pool[V]) dropIdle() {
	clear(p.chunks)
	p.chunks = p.chunks[:0]
	clear(p.tables)
	p.tables = p.tables[:0]
	p.memory.dropIdle()
}

// drop leaves everything to the garbage collector. No table may be used afterwards.
func (p *pool[V]) drop() {
	p.dropIdle()
	p.condemned = nil
	p.memory.drop()
}
