package wire

import (
	"encoding/binary"
	"errors"
	"io"
)

var errShort = errors.New("the broker's answer is shorter than what it says")

// A reader reads fields from a connection and keeps the first error; after it all fields
// are zero. It never reads beyond the answer's own size.
type reader struct {
	src  io.Reader
	left int
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

// fill reads into b. After an error b is all zeros.
func (r *reader) fill(b []byte) {
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

// length returns the number of elements that follow, each of at least one byte.
func (r *reader) length() int { return r.bounded(int(r.int32())) }

func (r *reader) bounded(n int) int {
	if n > r.left {
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
	if n = r.bounded(n); n == 0 {
		return ""
	}
	if b := r.take(n); string(b) != old {
		return string(b)
	}
	return old
}

// bytes returns a copy, or nil for null.
func (r *reader) bytes() []byte {
	n := r.bounded(int(r.int32()))
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	r.fill(b)
	return b
}

// uvarint, compact, count and tags are for flexible versions.
func (r *reader) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.take(1)[0]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail(errShort)
	return 0
}

func (r *reader) compact() string { return r.textOf(int(r.uvarint())-1, "") }
func (r *reader) count() int      { return r.bounded(int(r.uvarint()) - 1) }

func (r *reader) tags() {
	for range r.bounded(int(r.uvarint())) {
		r.uvarint()
		r.discard(int(r.uvarint()))
	}
}
