package kafka

import (
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// decoders bounds the memory of decoders, and has it used again: the last one
// first, which the processor's cache still has. It belongs to the consumer's
// goroutine.
type decoders struct {
	max      int64
	held     int64 // by those in use
	spare    int64
	free     []*decoder
	unpacker *batch.Decompressor
}

// take gives a decoder for chunks of so many records.
func (s *decoders) take(records int) *decoder {
	d := new(decoder)
	if last := len(s.free) - 1; last >= 0 {
		d = s.free[last]
		s.free[last] = nil
		s.free = s.free[:last]
		s.spare -= d.bytes()
	}
	if len(d.records) != records {
		d.records = make([]stream.Record, records)
	}
	d.Decompressor = s.unpacker
	s.held += d.bytes()
	return d
}

// put takes one back, if it isn't nil. Its size is what it was at the last settle.
func (s *decoders) put(d *decoder) {
	if d == nil {
		return
	}
	n := d.bytes()
	s.held -= n
	if s.held+s.spare+n > s.max {
		return
	}
	s.spare += n
	s.free = append(s.free, d)
}
