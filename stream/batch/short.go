package batch

import (
	"slices"

	"github.com/gretestream/grete/stream"
)

// short is the smallest number that doesn't fit into a varint of two bytes.
const short = 1 << 13

// appendShort appends a record whose numbers all fit into varints of two bytes. It
// needs comparisons instead of loops and is faster. Most records are like this.
func appendShort(buf []byte, since, delta int, r *stream.Record) []byte {
	const around = 12 // at most, without key and value
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
