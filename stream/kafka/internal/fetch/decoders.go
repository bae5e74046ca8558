package fetch

import (
	"unsafe"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// decoders bounds the memory of decoders, and has it used again: the last one
// first, which the processor's cache still has. It belongs to the consumer's
// goroutine.
type decoders struct {
	max       int64
	held      int64 // by those in use
	spare     int64
	free      []*decoder
	oversized *cursor // has a decoder larger than half of what there is
	unpacker  *batch.Decompressor
}

// Sizes of what a consumer hands out of a partition at once.
const (
	maxChunkRecords = 2048
	minChunkRecords = 64
	maxChunkBytes   = 256 << 10
	minChunkBytes   = 4 << 10
)

// A decoder is what a chunk's records are decoded with, and into.
type decoder struct {
	batch.Reader
	records []stream.Record
}

// recordBytes is what a record takes besides its bytes.
const recordBytes = int64(unsafe.Sizeof(stream.Record{}))

func (d *decoder) memory() int64 { return int64(len(d.records))*recordBytes + d.Memory() }

// take gives a decoder for chunks of so many records.
func (s *decoders) take(records int) *decoder {
	d := new(decoder)
	if last := len(s.free) - 1; last >= 0 {
		d = s.free[last]
		s.free[last] = nil
		s.free = s.free[:last]
		s.spare -= d.memory()
	}
	if len(d.records) != records {
		d.records = make([]stream.Record, records)
	}
	d.Decompressor = s.unpacker
	s.held += d.memory()
	return d
}

// put takes one back, if it isn't nil. Its size is what it was at the last settle.
func (s *decoders) put(d *decoder) {
	if d == nil {
		return
	}
	n := d.memory()
	s.held -= n
	if s.held+s.spare+n > s.max {
		return
	}
	s.spare += n
	s.free = append(s.free, d)
}

// assign gives the partition a decoder. It reports false where memory is short: then
// a Release makes room. One partition at a time may get a large one beside all others,
// or it might wait for them for ever.
func (s *decoders) assign(r *cursor, assigned int) bool {
	records := s.chunkRecords(assigned)
	need := int64(records) * recordBytes
	if b := r.blocks[0]; b.packed {
		need += max(r.unpacked, usualRatio*int64(b.largest))
	}
	held := s.held
	if s.oversized != nil {
		held -= s.oversized.decoder.memory()
	}
	if held+need > s.max {
		if need <= s.max/2 || s.oversized != nil {
			return false
		}
		s.oversized = r
	}
	r.decoder = s.take(records)
	return true
}

// release takes the decoder of a partition back.
func (s *decoders) release(r *cursor) {
	s.put(r.decoder)
	r.decoder = nil
	if s.oversized == r {
		s.oversized = nil
	}
}

// resized counts what a decoder has come to need in decoding a chunk; before is what it took.
func (s *decoders) resized(r *cursor, before int64) {
	s.held += r.decoder.memory() - before
	r.unpacked = r.decoder.Memory()
	if s.oversized == nil && r.decoder.memory() > s.max/2 { // larger than expected
		s.oversized = r
	}
}

// usualRatio is how much larger a batch is when it is unpacked, as far as nothing is
// known.
const usualRatio = 4

// Half of the decoders' memory is for records, half for what is unpacked.
func (s *decoders) chunkRecords(assigned int) int {
	n := s.max / 2 / recordBytes / int64(assigned)
	return int(min(max(n, minChunkRecords), maxChunkRecords))
}

func (s *decoders) chunkBytes(assigned int) int64 {
	return min(max(s.max/2/int64(assigned), minChunkBytes), maxChunkBytes)
}
