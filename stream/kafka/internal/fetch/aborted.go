package fetch

import (
	"encoding/binary"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// An abortedFilter leaves out what isn't a committed record of a user. A broker returns
// committed and aborted transactions alike, up to the last stable offset, with a list of
// aborted transactions and their first offsets; the marker behind a transaction's records
// ends it. A batch belongs to one transaction, so whole batches are skipped unread.
type abortedFilter struct {
	pending []wire.Aborted // aborted transactions that begin later, in the order of offsets
	open    []int64        // producers whose current transaction was aborted
}

// reset starts with a block.
func (f *abortedFilter) reset(aborted []wire.Aborted) {
	f.pending, f.open = aborted, f.open[:0]
}

// skips reports whether to skip the reader's batch.
func (f *abortedFilter) skips(r *batch.Reader) bool {
	for len(f.pending) > 0 && f.pending[0].FirstOffset < r.Header.Next() {
		f.open = append(f.open, f.pending[0].Producer)
		f.pending = f.pending[1:]
	}
	if r.Attributes&batch.Control != 0 {
		if at := slices.Index(f.open, r.ProducerID); at >= 0 && isAbort(r) {
			f.open = slices.Delete(f.open, at, at+1)
		}
		return true
	}
	return len(f.open) > 0 && r.Attributes&batch.Transactional != 0 && slices.Contains(f.open, r.ProducerID)
}

// isAbort reads the marker of a control batch: its key has a version and a type, of which
// 0 is an abort.
func isAbort(r *batch.Reader) bool {
	var marker stream.Record
	return r.Record(&marker) && len(marker.Key) >= 4 && binary.BigEndian.Uint16(marker.Key[2:]) == 0
}
