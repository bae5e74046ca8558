// Package fields decodes the small messages of the streaming layer: commit
// records of the embedded log, and control messages.
package fields

import "encoding/binary"

// A Reader reads one field after another. After a malformed or truncated field
// Bad is set, and all further fields are zero.
type Reader struct {
	Src []byte // the unread bytes
	Bad bool
}

// Varint reads an integer written by [binary.AppendVarint].
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Src)
	r.skip(n)
	return v
}

// Uvarint reads an integer written by [binary.AppendUvarint].
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

// String reads a length, encoded as a Uvarint, and that many bytes.
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

// skip drops n bytes. An n of 0 or less marks the reader as bad.
func (r *Reader) skip(n int) {
	if n <= 0 {
		r.Bad, r.Src = true, nil
		return
	}
	r.Src = r.Src[n:]
}
