package fetch

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A block is one partition's part of an answer: whole batches.
type block struct {
	buf     []byte // from the pool
	next    int64  // the offset to fetch after it
	largest int    // size of the largest batch
	packed  bool   // some batch is compressed
	aborted []wire.Aborted
}

// fill sets b to what a fetch from an offset has returned. It reads only the headers of
// batches, and leaves out a last batch that is cut short: largest then has its size, too.
// Without a whole batch, next is from.
func (b *block) fill(records []byte, aborted []wire.Aborted, from int64) error {
	b.next, b.largest, b.packed = from, 0, false
	whole := 0
	var h batch.Header
	for {
		ok, err := b.follows(&h, records[whole:], whole == 0)
		if err != nil && whole == 0 {
			return err
		}
		if !ok {
			break // what comes before is good
		}
		if h.Size > batch.Limit {
			if whole > 0 {
				break // it comes first in the next fetch
			}
			return &stream.UnreadableError{
				Offset: max(from, h.BaseOffset), Next: h.Next(), Records: int64(h.Count),
				Err: fmt.Errorf("%w: the batch has %d bytes, at most %d are read", batch.ErrTooLarge, h.Size, batch.Limit),
			}
		}
		b.largest = max(b.largest, h.Size)
		if h.Size > len(records)-whole {
			break
		}
		whole += h.Size
		b.next = h.Next()
		b.packed = b.packed || h.Codec() != batch.None
	}
	b.buf = records[:whole]
	b.aborted = append(b.aborted[:0], aborted...)
	slices.SortFunc(b.aborted, func(x, y wire.Aborted) int { return cmp.Compare(x.FirstOffset, y.FirstOffset) })
	return nil
}

// follows parses the header of the next batch, and reports whether there is one.
func (b *block) follows(h *batch.Header, records []byte, first bool) (bool, error) {
	ok, err := batch.ParseHeader(records, h)
	if ok && (h.Next() <= b.next || !first && h.BaseOffset < b.next) {
		return false, fmt.Errorf("%w: a batch with the offsets %d to %d where %d was expected", batch.ErrCorrupt, h.BaseOffset, h.Next()-1, b.next)
	}
	return ok, err
}
