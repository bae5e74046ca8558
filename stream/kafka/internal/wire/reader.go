package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

var (
	errShort  = errors.New("the broker's answer is shorter than its fields say")
	errLength = errors.New("the broker's answer has an invalid length of a field")
	errLarge  = fmt.Errorf("the broker's answer has more than %d bytes besides records", maxAnswer)
)

// maxAnswer bounds the fields of an answer, in bytes, without the records of a fetch. A
// group of a thousand members has a tenth of it.
const maxAnswer = 16 << 20

// A reader reads fields from a connection and keeps the first error; after it all fields
// are zero, and arrays end. It never reads beyond the answer's own size, and takes
// memory as bytes arrive.
type reader struct {
	src  io.Reader
	left int // bytes of the answer
	room int // of these, how many may be fields
	err  error
	tmp  [256]byte // room for a topic's name
}

// take reads n bytes, which are valid until the next call. For a large n, the caller has
// checked that the answer has them.
func (r *reader) take(n int) []byte {
	b := r.tmp[:]
	if n > len(b) {
		b = make([]byte, n)
	}
	r.fill(b[:n])
	return b[:n]
}

// fill reads a field into b. After an error b is all zeros.
func (r *reader) fill(b []byte) {
	if r.room -= len(b); r.room < 0 {
		r.fail(errLarge)
	}
	r.records(b)
}

// records reads records into b, which don't count as fields.
func (r *reader) records(b []byte) {
	if r.err == nil && len(b) > r.left {
		r.fail(errShort)
	}
	if r.err == nil {
		r.left -= len(b)
		_, err := io.ReadFull(r.src, b)
		r.fail(err)
	}
	if r.err != nil {
		clear(b)
	}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) discard(n int) {
	if r.err != nil || n <= 0 {
		return
	}
	if n > r.left {
		r.fail(errShort)
		return
	}
	r.left -= n
	_, err := io.CopyN(io.Discard, r.src, int64(n))
	r.fail(err)
}

func (r *reader) int16() int16 { return int16(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }
func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// array returns an iterator over the elements of an array. It ends at the first error.
func (r *reader) array() func(yield func() bool) { return r.elements(r.length()) }

// compactArray is array in flexible versions.
func (r *reader) compactArray() func(yield func() bool) { return r.elements(r.count()) }

func (r *reader) elements(n int) func(yield func() bool) {
	return func(yield func() bool) {
		for ; n > 0 && r.err == nil && yield(); n-- {
		}
	}
}

// length returns the number of elements or bytes that follow, 0 for null. Each element has
// at least one byte.
func (r *reader) length() int { return r.bounded(int(r.int32())) }

func (r *reader) bounded(n int) int {
	switch {
	case n < -1:
		r.fail(errLength)
	case n > r.left:
		r.fail(errShort)
	}
	if n < 0 || r.err != nil {
		return 0
	}
	return n
}

// text reads a string, "" for null. It returns old without a copy if that is the same.
func (r *reader) text(old string) string { return r.textOf(int(r.int16()), old) }

func (r *reader) textOf(n int, old string) string {
	if n > math.MaxInt16 { // only a compact string can say so
		r.fail(errLength)
	}
	if n = r.bounded(n); n == 0 {
		return ""
	}
	if b := r.take(n); string(b) != old {
		return string(b)
	}
	return old
}

// step is how much memory bytes takes before the first byte has arrived.
const step = 64 << 10

// bytes returns a copy, or nil for null. Its memory grows with what arrives.
func (r *reader) bytes() []byte {
	n := r.bounded(int(r.int32()))
	var b []byte
	for len(b) < n && r.err == nil {
		next := min(n-len(b), max(len(b), step))
		b = slices.Grow(b, next)[:len(b)+next]
		r.fill(b[len(b)-next:])
	}
	return b
}

// uvarint, compact, count and tags are for flexible versions.
func (r *reader) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64 && r.err == nil; shift += 7 {
		b := r.take(1)[0]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail(errLength)
	return 0
}

func (r *reader) compact() string { return r.textOf(r.compactLength(), "") }
func (r *reader) count() int      { return r.bounded(r.compactLength()) }

// compactLength returns a length, -1 for null.
func (r *reader) compactLength() int { return r.size() - 1 }

// size returns a number of bytes or elements, which fits an answer.
func (r *reader) size() int {
	n := r.uvarint()
	if n > math.MaxInt32 {
		r.fail(errLength)
		return 0
	}
	return int(n)
}

func (r *reader) tags() {
	for range r.elements(r.bounded(r.size())) {
		_ = r.size() // the field's number
		r.discard(r.size())
	}
}
