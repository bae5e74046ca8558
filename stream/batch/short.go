package batch

import (
	"slices"

	"github.com/gretestream/grete/stream"
)

// short is what a varint of two bytes can't hold any more.
const short = 1 << 13

// appendShort appends a record as most are: none of its numbers needs more than two
// bytes, so that comparisons take the place of loops.
func appendShort(buf []byte, since, delta int, r *stream.Record) []byte {
	const around = 12 // the length and all else but key and value, at most
	body := 2 + shortLen(since) + shortLen(delta) + shortLen(len(r.Key)) + len(r.Key) + shortLen(len(r.Value)) + len(r.Value)
	n := len(buf)
	buf = slices.Grow(buf, around+body)
	p := buf[n : n+around+body]
	i := putVarint(p, int64(body))
	p[i] = 0 // attributes, unused
	i = putShort(p, i+1, since)
	i = putShort(p, i, delta)
	i = putShortBytes(p, i, r.Key)
	i = putShortBytes(p, i, r.Value)
	p[i] = 0 // headers
	return buf[:n+i+1]
}

func shortLen(v int) int {
	if v < 64 {
		return 1
	}
	return 2
}

func putShort(p []byte, i, v int) int {
	if v < 64 {
		p[i] = byte(v << 1)
		return i + 1
	}
	p[i] = byte(v<<1) | 0x80
	p[i+1] = byte(v >> 6)
	return i + 2
}

func putShortBytes(p []byte, i int, v []byte) int {
	if v == nil {
		p[i] = 1 // -1
		return i + 1
	}
	i = putShort(p, i, len(v))
	return i + copy(p[i:], v)
}
