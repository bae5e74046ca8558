package fetch

import (
	"unsafe"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// decoders bounds the memory for decoding, and reuses decoders: the last one first, as it
// is still in the processor's cache. It belongs to the caller's goroutine.
type decoders struct {
	max       int64
	held      int64 // by those in use
	spare     int64
	free      []*decoder
	oversized *cursor // has a decoder larger than half of max
	unpacker  *batch.Decompressor
}

// Bounds of a chunk.
const (
	maxChunkRecords = 2048
	minChunkRecords = 64
	maxChunkBytes   = 256 << 10
	minChunkBytes   = 4 << 10
	maxChunkHeaders = 16 << 10
)

// A decoder holds the records of a chunk.
type decoder struct {
	batch.Reader
	records []stream.Record
}

// recordBytes is the size of a record without its data.
const recordBytes = int64(unsafe.Sizeof(stream.Record{}))

func (d *decoder) memory() int64 { return int64(len(d.records))*recordBytes + d.Memory() }

// take returns a decoder for chunks of so many records.
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

// put takes a decoder back; it may be nil. Its size must be that at the last call of
// resized.
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

// assign gives a partition a decoder. It returns false if memory is short, until a Release
// frees some. One partition at a time may have a large decoder regardless of all others,
// which could otherwise starve it.
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

// release takes a partition's decoder back.
func (s *decoders) release(r *cursor) {
	s.put(r.decoder)
	r.decoder, r.starved = nil, false
	if s.oversized == r {
		s.oversized = nil
	}
}

// resized accounts for memory that decoding a chunk has added; before is the size of the
// decoder before it.
func (s *decoders) resized(r *cursor, before int64) {
	s.held += r.decoder.memory() - before
	r.unpacked = r.decoder.Memory()
	if s.oversized == nil && r.decoder.memory() > s.max/2 { // larger than expected
		s.oversized = r
	}
}

// minBudget is what a decoder may always take.
const minBudget = 64 << 10

// budget returns the memory that a partition's decoder may take for batches; 0: without
// bound. What a batch takes is known only once it is decompressed: all of them together
// may take twice what assign divides by its estimates.
func (s *decoders) budget(r *cursor) int64 {
	if s.oversized == r {
		return 0
	}
	others := s.held - r.decoder.memory()
	if s.oversized != nil {
		others -= s.oversized.decoder.memory()
	}
	return max(2*s.max-others-int64(len(r.decoder.records))*recordBytes, minBudget)
}

// waits reports whether a partition has to wait until no other one is oversized.
func (s *decoders) waits(r *cursor) bool { return r.starved && s.oversized != nil && s.oversized != r }

// starve notes whether a partition needs more memory than there is. It reports whether the
// partition gets it: one at a time does.
func (s *decoders) starve(r *cursor) bool {
	needs := r.decoder.Needs()
	r.starved = needs > 0
	if !r.starved {
		return false
	}
	r.unpacked = needs
	if s.oversized != nil {
		return false
	}
	s.oversized = r
	return true
}

// usualRatio is the assumed ratio of decompressed to compressed size.
const usualRatio = 4

// chunkRecords bounds the records of a chunk: half of the memory is for records, half for
// decompressed data.
func (s *decoders) chunkRecords(assigned int) int {
	n := s.max / 2 / recordBytes / int64(assigned)
	return int(min(max(n, minChunkRecords), maxChunkRecords))
}

// chunkBytes bounds the decompressed data of a chunk.
func (s *decoders) chunkBytes(assigned int) int64 {
	return min(max(s.max/2/int64(assigned), minChunkBytes), maxChunkBytes)
}
