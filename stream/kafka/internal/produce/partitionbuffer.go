package produce

import (
	"time"

	"github.com/gretestream/grete/stream"
)

// A partitionBuffer has the batches of one partition. The sender's lock guards it.
type partitionBuffer struct {
	stream.TopicPartition
	sequence sequence
	held     bool  // until the transaction has the partition
	queued   bool  // is among the sender's sendable or waiting buffers
	end      int64 // the offset after the last delivered record, or unknownEnd

	// Since the first batch was last refused or lost:
	failures     int
	failingSince time.Time
	retryAt      time.Time
}

// unknownEnd stands for the end of a partition until an answer tells it.
const unknownEnd = -1

// sendable reports whether there is a batch to send.
func (o *partitionBuffer) sendable() bool {
	return !o.held && !o.sequence.inFlight && len(o.sequence.batches) > 0
}

// delivered notes that the batch in flight is in the log, from offset base on.
func (o *partitionBuffer) delivered(base int64) *recordBatch {
	p := o.sequence.acknowledged()
	o.end = unknownEnd
	if base >= 0 {
		o.end = base + int64(p.count)
	}
	o.failures, o.failingSince = 0, time.Time{}
	return p
}

// A batchPool reuses the memory of batches.
type batchPool struct {
	free  []*recordBatch
	bytes int
}

// poolBytes bounds the pool: it has as much as a container with the default memory sends
// in a transaction. Fresh memory costs a fifth of what sending does.
const poolBytes = 32 << 20

// take returns an empty batch with room for so many bytes. It grows anyway, but growing
// copies.
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

// put takes back a batch, unless its memory may still be read, or is larger than usual.
func (s *batchPool) put(p *recordBatch) {
	if p.bytes == nil {
		p.bytes, _ = p.builder.Finish(0) // for its memory only
	}
	if room := cap(p.bytes); !p.stillRead && room <= 2*batchBytes && s.bytes+room <= poolBytes {
		s.free = append(s.free, p)
		s.bytes += room
	}
}
