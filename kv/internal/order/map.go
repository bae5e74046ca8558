// Package order has a sorted map of byte keys. The memory engine keeps its stores in it,
// and a cache its dirty keys in order.
package order

import (
	"bytes"
	"slices"
)

// blockSize is the most entries of a block. A block is split in two when full, so
// an insertion moves a few kilobytes at most.
const blockSize = 256

// A Map is a sorted list of sorted blocks. The zero value is empty. Keys are
// retained and must not change.
type Map[T any] struct {
	blocks [][]entry[T] // none is empty
	n      int
}

type entry[T any] struct {
	key   []byte
	value T
}

// Len returns the number of keys.
func (m *Map[T]) Len() int { return m.n }

// Clear removes everything.
func (m *Map[T]) Clear() {
	clear(m.blocks)
	m.blocks, m.n = m.blocks[:0], 0
}

// find returns where the key is, or would be inserted.
func (m *Map[T]) find(key []byte) (block, i int, found bool) {
	lo, hi := 0, len(m.blocks)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if bytes.Compare(m.blocks[mid][0].key, key) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0, 0, false
	}
	block = lo - 1
	i, found = slices.BinarySearchFunc(m.blocks[block], key, func(e entry[T], key []byte) int {
		return bytes.Compare(e.key, key)
	})
	return block, i, found
}

// Get returns the value of a key, to read or to set, valid until the map changes.
func (m *Map[T]) Get(key []byte) (*T, bool) {
	b, i, found := m.find(key)
	if !found {
		return nil, false
	}
	return &m.blocks[b][i].value, true
}

// Set sets the value of a key.
func (m *Map[T]) Set(key []byte, value T) {
	if len(m.blocks) == 0 {
		m.blocks, m.n = append(m.blocks, []entry[T]{{key, value}}), 1
		return
	}
	b, i, found := m.find(key)
	if found {
		m.blocks[b][i].value = value
		return
	}
	m.n++
	block := slices.Insert(m.blocks[b], i, entry[T]{key, value})
	m.blocks[b] = block
	if len(block) >= blockSize {
		m.split(b, i == len(block)-1)
	}
}

// split divides a block. Where keys arrive in order the first part is left nearly
// full, since nothing more comes into it.
func (m *Map[T]) split(b int, ordered bool) {
	block := m.blocks[b]
	at := len(block) / 2
	if ordered {
		at = len(block) - 1
	}
	right := append(make([]entry[T], 0, blockSize), block[at:]...)
	clear(block[at:])
	m.blocks[b] = block[:at]
	m.blocks = slices.Insert(m.blocks, b+1, right)
}

// Delete removes a key.
func (m *Map[T]) Delete(key []byte) (value T, found bool) {
	b, i, found := m.find(key)
	if !found {
		return value, false
	}
	value = m.blocks[b][i].value
	m.cut(b, i, i+1)
	m.trim(b, b+1)
	return value, true
}

// DeleteRange removes the keys [from, to), a nil to being the end, and calls f for
// each.
func (m *Map[T]) DeleteRange(from, to []byte, f func(key []byte, value T)) {
	first, i, _ := m.find(from)
	b := first
	for ; b < len(m.blocks); b++ {
		block := m.blocks[b]
		end := i
		for end < len(block) && (to == nil || bytes.Compare(block[end].key, to) < 0) {
			f(block[end].key, block[end].value)
			end++
		}
		more := end == len(block)
		m.cut(b, i, end)
		i = 0
		if !more {
			break
		}
	}
	m.trim(first, min(b+1, len(m.blocks)))
}

func (m *Map[T]) cut(b, from, to int) {
	m.blocks[b] = slices.Delete(m.blocks[b], from, to)
	m.n -= to - from
}

// trim removes the empty blocks among [from, to).
func (m *Map[T]) trim(from, to int) {
	kept := from
	for b := from; b < to; b++ {
		if len(m.blocks[b]) > 0 {
			m.blocks[kept] = m.blocks[b]
			kept++
		}
	}
	m.blocks = slices.Delete(m.blocks, kept, to)
}

// Seek returns a cursor before the first key that isn't less than from.
func (m *Map[T]) Seek(from []byte) Cursor[T] {
	b, i, _ := m.find(from)
	return Cursor[T]{m: m, block: b, i: i - 1}
}

// A Cursor goes over a map that doesn't change meanwhile.
type Cursor[T any] struct {
	m        *Map[T]
	block, i int
}

// Next goes to the next key; false if there is none.
func (c *Cursor[T]) Next() bool {
	c.i++
	for c.block < len(c.m.blocks) && c.i >= len(c.m.blocks[c.block]) {
		c.block++
		c.i = 0
	}
	return c.block < len(c.m.blocks)
}

// Key returns the key that Next went to.
func (c *Cursor[T]) Key() []byte { return c.m.blocks[c.block][c.i].key }

// Value returns its value.
func (c *Cursor[T]) Value() T { return c.m.blocks[c.block][c.i].value }
