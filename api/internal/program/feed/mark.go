package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A mark is a position in a file, and what the file looked like up to there: a file of the
// same name may be another one.
type mark struct {
	offset int64
	sum    int64 // of the content before the offset, see [seen.sum]; 0: unknown
}

const (
	offsetBits = 42 // of a packed mark; its other 21 bits are the sum
	maxOffset  = 1<<offsetBits - 1
	maxSum     = 1<<21 - 1
)

// pack returns the mark as an offset of a group. Earlier versions have committed offsets
// without a sum.
func (m mark) pack() (int64, error) {
	if m.offset > maxOffset {
		return 0, fmt.Errorf("the file is longer than %d bytes; split it", int64(maxOffset))
	}
	return m.sum<<offsetBits | m.offset, nil
}

// unpack returns the mark that was committed; a negative offset means that there is none.
func unpack(offset int64) mark {
	if offset < 0 {
		return mark{}
	}
	return mark{offset: offset & maxOffset, sum: offset >> offsetBits}
}

// edge is how much of the beginning of a file, and of what comes before a mark, its sum
// is of.
const edge = 4096

// seen is what has passed of a file.
type seen struct {
	head []byte // the first bytes, edge at most
	tail []byte // the last bytes, at least edge of them if there are
}

// add takes in the next bytes.
func (s *seen) add(b []byte) {
	if n := edge - len(s.head); n > 0 {
		s.head = append(s.head, b[:min(n, len(b))]...)
	}
	if len(b) > edge {
		b = b[len(b)-edge:]
	}
	if len(s.tail)+len(b) > 4*edge {
		keep := min(edge, len(s.tail))
		s.tail = append(s.tail[:0], s.tail[len(s.tail)-keep:]...)
	}
	s.tail = append(s.tail, b...)
}

// sum is a hash of both edges. It is never 0.
func (s *seen) sum() int64 {
	h := sha256.New()
	_, _ = h.Write(s.head)
	_, _ = h.Write(s.tail[max(0, len(s.tail)-edge):])
	return int64(binary.BigEndian.Uint64(h.Sum(nil))%maxSum) + 1
}
