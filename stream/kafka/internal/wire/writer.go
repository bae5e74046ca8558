package wire

import (
	"encoding/binary"
	"io"
)

// A writer appends fields. It only refers to long bytes, and writes them from where they
// are.
type writer struct {
	buf    []byte
	pieces []piece
	long   int // bytes in the pieces
}

// A piece is written after the first at bytes of the buffer.
type piece struct {
	at    int
	bytes []byte
}

func (w *writer) int8(v int8)   { w.buf = append(w.buf, byte(v)) }
func (w *writer) int16(v int16) { w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(v)) }
func (w *writer) int32(v int32) { w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(v)) }
func (w *writer) int64(v int64) { w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(v)) }

func (w *writer) string(s string) {
	w.int16(int16(len(s)))
	w.buf = append(w.buf, s...)
}

// nullable appends a string; "" is null.
func (w *writer) nullable(s string) {
	if s == "" {
		w.int16(-1)
		return
	}
	w.string(s)
}

// bytes appends a copy of bytes.
func (w *writer) bytes(b []byte) {
	w.int32(int32(len(b)))
	w.buf = append(w.buf, b...)
}

// compact, count and tags are for flexible versions.
func (w *writer) compact(s string) {
	w.count(len(s))
	w.buf = append(w.buf, s...)
}

func (w *writer) count(n int) { w.buf = binary.AppendUvarint(w.buf, uint64(n)+1) }
func (w *writer) tags()       { w.buf = append(w.buf, 0) }

func (w *writer) bool(v bool) {
	if v {
		w.int8(1)
		return
	}
	w.int8(0)
}

// refer appends bytes that must not change until the request is answered.
func (w *writer) refer(b []byte) {
	w.pieces = append(w.pieces, piece{len(w.buf), b})
	w.long += len(b)
}

// placeholder reserves an int32, and returns a function that sets it.
func (w *writer) placeholder() (set func(int32)) {
	at := len(w.buf)
	w.int32(0)
	return func(v int32) { binary.BigEndian.PutUint32(w.buf[at:], uint32(v)) }
}

func (w *writer) size() int { return len(w.buf) + w.long }

func (w *writer) flush(dst io.Writer) error {
	done := 0
	for _, p := range w.pieces {
		if p.at > done {
			if _, err := dst.Write(w.buf[done:p.at]); err != nil {
				return err
			}
			done = p.at
		}
		if _, err := dst.Write(p.bytes); err != nil {
			return err
		}
	}
	if done == len(w.buf) {
		return nil
	}
	_, err := dst.Write(w.buf[done:])
	return err
}
