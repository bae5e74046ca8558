package produce

import (
	"time"

	"github.com/gretestream/grete/stream"
)

// An partitionBuffer is what a producer has for one partition. The sender's lock guards it.
type partitionBuffer struct {
	stream.TopicPartition
	sequence sequence
	held     bool  // until the transaction has the partition
	queued   bool  // is among the sender's ready or troubled
	end      int64 // the offset after the last record delivered, unknownEnd if it wasn't told

	// Since its first parcel was last refused or lost:
	failures     int
	failingSince time.Time
	retryAt      time.Time
}

// unknownEnd is where a partition ends as long as no answer has told.
const unknownEnd = -1

// sendable tells that there is a parcel which could be sent.
func (o *partitionBuffer) sendable() bool {
	return !o.held && !o.sequence.inFlight && len(o.sequence.batches) > 0
}

// delivered notes that the parcel on its way is where it belongs, from base on.
func (o *partitionBuffer) delivered(base int64) *recordBatch {
	p := o.sequence.acknowledged()
	o.end = unknownEnd
	if base >= 0 {
		o.end = base + int64(p.count)
	}
	o.failures, o.failingSince = 0, time.Time{}
	return p
}

// A batchPool keeps the memory of parcels for the next ones.
type batchPool struct {
	free  []*recordBatch
	bytes int
}

// poolBytes bounds what is kept: as much as a container with the usual memory
// sends in a transaction. Fresh memory costs a fifth of what sending does.
const poolBytes = 32 << 20

// take returns a parcel that records can be put into, with room for so many bytes
// of them: it grows anyway, but that copies them.
func (s *batchPool) take(room int) *recordBatch {
	var p *recordBatch
	if last := len(s.free) - 1; last >= 0 {
		p, s.free[last] = s.free[last], nil
		s.free = s.free[:last]
		s.bytes -= cap(p.bytes)
	} else {
		p = new(recordBatch)
	}
	p.reset(room)
	return p
}

// put takes back a parcel that nobody needs, unless somebody may be reading it, or
// it is larger than usual.
func (s *batchPool) put(p *recordBatch) {
	if p.bytes == nil {
		p.bytes, _ = p.builder.Finish(0) // for its memory only
	}
	if room := cap(p.bytes); !p.stillRead && room <= 2*batchBytes && s.bytes+room <= poolBytes {
		s.free = append(s.free, p)
		s.bytes += room
	}
}
