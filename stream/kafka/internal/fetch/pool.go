package fetch

import "math/bits"

// A pool bounds the memory for arriving records and reuses buffers. The consumer's lock
// guards it.
type pool struct {
	max      int64 // of the following together, as far as we control it
	held     int64 // in buffers in use
	reserved int64 // for answers in flight
	spare    int64 // in free buffers
	free     [sizeClasses][][]byte
}

// There are four sizes of buffers from one power of two to the next. Larger buffers than
// the largest size are not reused.
const (
	smallestBits  = 9
	largestBits   = 22
	smallest      = 1 << smallestBits
	sizeClasses   = (largestBits-smallestBits)*4 + 1
	doubleClasses = 4 // a buffer of so many classes more has twice the size
)

// sizeClass returns the class of the smallest buffers that hold n bytes, and their size.
// The class is sizeClasses if there is none.
func sizeClass(n int) (class, size int) {
	if n <= smallest {
		return 0, smallest
	}
	log := bits.Len(uint(n - 1)) // n is above half of 1<<log, and not above it
	if log > largestBits {
		return sizeClasses, n
	}
	half := 1 << (log - 1)
	step := half / 4
	quarters := (n - half + step - 1) / step
	return (log-1-smallestBits)*4 + quarters, half + quarters*step
}

// room returns how many bytes may still be requested.
func (p *pool) room() int64 { return p.max - p.held - p.reserved }

// reserve sets memory aside for an answer.
func (p *pool) reserve(n int64) {
	p.reserved += n
	p.trim()
}

// take returns n bytes. It never fails.
func (p *pool) take(n int) []byte {
	class, size := sizeClass(n)
	for i := class; i < min(class+doubleClasses, sizeClasses); i++ {
		if last := len(p.free[i]) - 1; last >= 0 {
			b := p.free[i][last]
			p.free[i] = p.free[i][:last]
			p.spare -= int64(cap(b))
			p.held += int64(cap(b))
			return b[:n]
		}
	}
	p.held += int64(size)
	p.trim()
	return make([]byte, n, size)
}

// put takes back a buffer, which nothing reads or writes any more.
func (p *pool) put(b []byte) {
	if b == nil {
		return
	}
	p.held -= int64(cap(b))
	if class, size := sizeClass(cap(b)); class < sizeClasses && size == cap(b) {
		p.free[class] = append(p.free[class], b[:0])
		p.spare += int64(size)
		p.trim()
	}
}

// trim frees spare buffers while their memory is needed, large ones first.
func (p *pool) trim() {
	for class := sizeClasses - 1; class >= 0 && p.held+p.reserved+p.spare > p.max; class-- {
		list := p.free[class]
		for last := len(list) - 1; last >= 0 && p.held+p.reserved+p.spare > p.max; last-- {
			p.spare -= int64(cap(list[last]))
			list[last] = nil
			p.free[class] = list[:last]
		}
	}
}
