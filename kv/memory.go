package kv

// memory is the memory of a view, charged to the budget. Freed chunks of full size are
// kept for reuse, so that short-lived tables produce no garbage.
type memory struct {
	budget *Budget
	held   int64 // charged and in use
	idle   int64 // charged and in free
	doomed int64 // of held: to be freed
	free   [][]byte
}

func (m *memory) charge(n int64) {
	m.held += n
	m.budget.used += n
}

// reuse moves n bytes from idle to held, or back if n is negative.
func (m *memory) reuse(n int64) {
	m.idle -= n
	m.held += n
	m.budget.idle -= n
	m.budget.used += n
}

// doom counts n bytes more that are held and to be freed.
func (m *memory) doom(n int64) {
	m.doomed += n
	m.budget.condemned += n
}

// inUse returns the bytes that are held and not to be freed.
func (m *memory) inUse() int64 { return m.held - m.doomed }

// dropIdle leaves memory that is kept for reuse to the garbage collector.
func (m *memory) dropIdle() {
	clear(m.free)
	m.free = m.free[:0]
	m.budget.idle -= m.idle
	m.idle = 0
}

// drop leaves everything to the garbage collector.
func (m *memory) drop() {
	m.dropIdle()
	m.doom(-m.doomed)
	m.charge(-m.held)
}

func (m *memory) bytes(n int) []byte {
	if n == slabSize && len(m.free) > 0 {
		last := len(m.free) - 1
		c := m.free[last]
		m.free[last] = nil
		m.free = m.free[:last]
		m.reuse(slabSize)
		return c
	}
	m.charge(int64(n))
	return make([]byte, n)
}

func (m *memory) freeBytes(c []byte) {
	if len(c) == slabSize {
		m.free = append(m.free, c)
		m.reuse(-slabSize)
		return
	}
	m.charge(-int64(len(c)))
}
