package fetch

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// A cursor is a consumer's position in one partition, from Assign to Unassign or the next
// Assign. Its first block is being handed out while the second one is fetched.
type cursor struct {
	stream.TopicPartition

	// The following fields belong to the caller's goroutine.
	position int64    // of the next record to hand out
	lent     bool     // a chunk is with the user
	started  bool     // the first block is being decoded
	decoded  bool     // it is decoded completely
	decoder  *decoder // nil while no block is being decoded
	aborted  abortedFilter
	unpacked int64 // memory that the last decoder took, or the next one needs
	starved  bool  // its next batch needs more memory than there is

	// The following fields are guarded by Consumer.mu.
	fetch        int64     // offset of the next record to fetch
	stableEnd    int64     // the last stable offset; -1: unknown
	endAsOf      time.Time // when the request for it was sent
	blocks       [2]*block
	n            int      // number of blocks
	largest      int      // size of the largest batch lately; 0: unknown
	request      *request // the request in flight for it
	fetcher      *fetcher // of the leader; nil: unknown
	epoch        int32    // of the leader
	chosen       bool     // for the request that is being built
	served       int64    // number of the last answer that had records for it or had none left
	state        state
	unassigned   bool
	vanished     bool // the cluster didn't know the topic for a while
	corruptReads int  // in a row
	failures     int  // in a row
	since        time.Time
	retryAt      time.Time
	err          error // for the user, once everything before it is handed out
}

// A state says what becomes of a cursor next.
type state int8

const (
	healthy    state = iota // fetched whenever there is memory
	retrying                // recovery.run retries it
	outOfRange              // recovery.locate looks for its offset
	stopped                 // waits for the user
)

// atEnd reports whether everything has been fetched.
func (r *cursor) atEnd() bool { return r.stableEnd >= 0 && r.fetch >= r.stableEnd }

// ready reports whether the partition may be part of the next request.
func (r *cursor) ready() bool { return r.state == healthy && r.request == nil && r.n < len(r.blocks) }

// read decodes the next chunk of the first block, without a lock. The chunk ends once it
// has room bytes of decompressed data. ok is false if the block has no more records.
func (r *cursor) read(room int64) (chunk stream.Chunk, ok bool, err error) {
	b, d := r.blocks[0], r.decoder
	r.begin()
	n := 0
	for n < len(d.records) && d.Headers() < maxChunkHeaders {
		rec := &d.records[n]
		if d.Record(rec) {
			if rec.Offset >= r.position {
				n++
			}
			continue
		}
		if d.Needs() > 0 || !r.nextBatch() || n > 0 && b.packed && d.Memory() > room {
			break
		}
	}
	if d.Err() != nil && n == 0 {
		return stream.Chunk{}, false, r.unreadable()
	}
	before := r.position
	r.decoded = d.UnreadRecords() == 0 && d.UnreadBytes() == 0 && d.Err() == nil
	switch {
	case r.decoded:
		r.position = b.next
	case n > 0:
		r.position = d.records[n-1].Offset + 1
	}
	return stream.Chunk{TopicPartition: r.TopicPartition, Records: d.records[:n], Next: r.position}, r.position > before, nil
}

// begin makes the decoder ready for the next chunk.
func (r *cursor) begin() {
	if r.started {
		r.decoder.Recycle()
		return
	}
	r.decoder.Reset(r.blocks[0].buf)
	r.aborted.reset(r.blocks[0].aborted)
	r.started = true
}

// unreadable is the error of a batch that can't be decoded: damaged, unless it is intact.
func (r *cursor) unreadable() error {
	d := r.decoder
	if !d.Intact() {
		return fmt.Errorf("%w: %w", stream.ErrCorrupt, d.Err())
	}
	return &stream.UnreadableError{
		TopicPartition: r.TopicPartition, Offset: max(r.position, d.BaseOffset), Next: d.Header.Next(), Records: int64(d.Count), Err: d.Err(),
	}
}

// nextBatch advances to the next batch with records for the user.
func (r *cursor) nextBatch() bool {
	d := r.decoder
	for d.Next() {
		if !r.aborted.skips(&d.Reader) {
			return true
		}
	}
	return false
}
