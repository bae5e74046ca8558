package order

import "slices"

// intBlock is the most keys of a block of Ints.
const intBlock = 512

// Ints is a sorted map of numbers: a list of sorted blocks, whose keys lie next to each
// other in memory. The zero value is empty.
type Ints[T any] struct {
	bounds []int64 // no key of block i is less than bounds[i]; bounds[0] isn't used
	blocks []ints[T]
	n      int
}

type ints[T any] struct {
	keys   []int64
	values []T
}

// Len returns the number of keys.
func (m *Ints[T]) Len() int { return m.n }

// find returns where the key is, or would be inserted.
func (m *Ints[T]) find(key int64) (block, i int, found bool) {
	lo, hi := 1, len(m.bounds)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if m.bounds[mid] <= key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	block = lo - 1
	i, found = slices.BinarySearch(m.blocks[block].keys, key)
	return block, i, found
}

// Get returns the value of a key, to read or to set, valid until the map changes; nil if
// there is none.
func (m *Ints[T]) Get(key int64) *T {
	if m.n == 0 {
		return nil
	}
	b, i, found := m.find(key)
	if !found {
		return nil
	}
	return &m.blocks[b].values[i]
}

// Set sets the value of a key.
func (m *Ints[T]) Set(key int64, value T) {
	if len(m.blocks) == 0 {
		m.bounds, m.blocks = append(m.bounds, key), append(m.blocks, ints[T]{})
	}
	b, i, found := m.find(key)
	block := &m.blocks[b]
	if found {
		block.values[i] = value
		return
	}
	m.n++
	block.keys = slices.Insert(block.keys, i, key)
	block.values = slices.Insert(block.values, i, value)
	if len(block.keys) >= intBlock {
		m.split(b, i == len(block.keys)-1)
	}
}

// split divides a block. Where keys arrive in order the first part is left nearly full.
func (m *Ints[T]) split(b int, ordered bool) {
	block := &m.blocks[b]
	at := len(block.keys) / 2
	if ordered {
		at = len(block.keys) - 1
	}
	right := ints[T]{
		append(make([]int64, 0, intBlock), block.keys[at:]...),
		append(make([]T, 0, intBlock), block.values[at:]...),
	}
	clear(block.values[at:])
	block.keys, block.values = block.keys[:at], block.values[:at]
	m.bounds = slices.Insert(m.bounds, b+1, right.keys[0])
	m.blocks = slices.Insert(m.blocks, b+1, right)
}

// Delete removes a key, if it exists.
func (m *Ints[T]) Delete(key int64) {
	if m.n == 0 {
		return
	}
	b, i, found := m.find(key)
	if !found {
		return
	}
	m.n--
	block := &m.blocks[b]
	if i == 0 { // the first keys are deleted most often
		clear(block.values[:1])
		block.keys, block.values = block.keys[1:], block.values[1:]
	} else {
		block.keys, block.values = slices.Delete(block.keys, i, i+1), slices.Delete(block.values, i, i+1)
	}
	if len(block.keys) == 0 {
		m.bounds, m.blocks = slices.Delete(m.bounds, b, b+1), slices.Delete(m.blocks, b, b+1)
	}
}

// Ceiling returns the first key that isn't less than from, and its value.
func (m *Ints[T]) Ceiling(from int64) (key int64, value T, found bool) {
	if m.n == 0 {
		return 0, value, false
	}
	b, i, _ := m.find(from)
	if i == len(m.blocks[b].keys) {
		b, i = b+1, 0
	}
	if b == len(m.blocks) {
		return 0, value, false
	}
	return m.blocks[b].keys[i], m.blocks[b].values[i], true
}
