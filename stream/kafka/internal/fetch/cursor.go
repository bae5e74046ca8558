package fetch

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// A cursor is a consumer's place in one partition, from Assign to Unassign or
// the next Assign. Its first block is being handed out, while the second one is
// fetched.
type cursor struct {
	stream.TopicPartition

	// What follows belongs to the consumer's goroutine.
	position int64    // of the next record to hand out
	lent     bool     // a chunk is
	started  bool     // the first block is being decoded
	decoded  bool     // all of it is decoded
	decoder  *decoder // nil while nothing of the partition is decoded
	aborted  abortedFilter
	unpacked int64 // what the decoder took last

	// What follows is guarded by consumer.mu.
	fetch        int64     // offset of the next record to fetch
	stableEnd    int64     // the last stable offset, as of the last answer; -1: unknown
	endAsOf      time.Time // when that was asked for
	blocks       [2]*block
	n            int      // how many blocks there are
	largest      int      // bytes of the largest batch lately; 0: unknown
	request      *request // the request under way that asks for it
	fetcher      *fetcher // of the broker that leads it; nil: nobody known
	epoch        int32    // of that leadership
	chosen       bool     // for a request that is being made
	served       int64    // the answer that last brought all that there was, or a part of it
	state        state
	unassigned   bool // it isn't assigned any more
	corruptReads int  // how often they couldn't be read, one time after another
	failures     int  // in a row
	since        time.Time
	retryAt      time.Time
	err          error // for the user, when all that came before is handed out
}

// A state says who is to do something about a reading.
type state int8

const (
	healthy    state = iota // it is fetched whenever there is room for it
	retrying                // mend looks after it
	outOfRange              // locate does: its offset isn't in the log
	stopped                 // the user
)

func (r *cursor) atEnd() bool { return r.stableEnd >= 0 && r.fetch >= r.stableEnd }

// ready tells whether it may be put into a request.
func (r *cursor) ready() bool { return r.state == healthy && r.request == nil && r.n < len(r.blocks) }

// read decodes the next chunk of the first block, with no lock held. The chunk ends
// once it has room bytes of what was unpacked. It reports false where nothing is
// left of the block.
func (r *cursor) read(room int64) (chunk stream.Chunk, ok bool, err error) {
	b, d := r.blocks[0], r.decoder
	if r.started {
		d.Recycle()
	} else {
		d.Reset(b.buf)
		r.aborted.reset(b.aborted)
		r.started = true
	}
	n := 0
	for n < len(d.records) {
		rec := &d.records[n]
		if d.Record(rec) {
			if rec.Offset >= r.position {
				n++
			}
			continue
		}
		if !r.nextBatch() || n > 0 && b.packed && d.Memory() > room {
			break
		}
	}
	if d.Err() != nil && n == 0 {
		return stream.Chunk{}, false, fmt.Errorf("%w: %w", stream.ErrCorrupt, d.Err())
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

// nextBatch goes to the next batch that has records for the user.
func (r *cursor) nextBatch() bool {
	d := r.decoder
	for d.Next() {
		if !r.aborted.skips(&d.Reader) {
			return true
		}
	}
	return false
}
