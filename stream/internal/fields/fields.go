// Package fields reads the fields of the small messages that the streaming layer
// writes for itself: commit records of the embedded log, and control messages.
package fields

import "encoding/binary"

// A Reader reads fields one after another and remembers whether one was
// malformed or cut short; all that comes after it is zero.
type Reader struct {
	Src []byte // what is left
	Bad bool
}

// Varint reads what [binary.AppendVarint] has written.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Src)
	r.skip(n)
	return v
}

// Uvarint reads what [binary.AppendUvarint] has written.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Src)
	r.skip(n)
	return v
}

// Int64 reads 8 bytes, big-endian.
func (r *Reader) Int64() int64 {
	if len(r.Src) < 8 {
		r.skip(0)
		return 0
	}
	v := int64(binary.BigEndian.Uint64(r.Src))
	r.skip(8)
	return v
}

// String reads a length, as a Uvarint, and so many bytes.
func (r *Reader) String() string {
	n := r.Uvarint()
	if n > uint64(len(r.Src)) {
		r.skip(0)
		return ""
	}
	s := string(r.Src[:n])
	r.Src = r.Src[n:]
	return s
}

// skip leaves n bytes behind; if there are none to leave, something is wrong.
func (r *Reader) skip(n int) {
	if n <= 0 {
		r.Bad, r.Src = true, nil
		return
	}
	r.Src = r.Src[n:]
}
