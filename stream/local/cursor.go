package local

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// recordBytes is the size of a record without its key, value and headers.
const recordBytes = int64(unsafe.Sizeof(stream.Record{}))

// cursor is a consumer's position in a partition.
type cursor struct {
	partition *partition
	offset    int64  // of the next record
	before    int64  // offset before the last chunk, to undo its read
	out       bool   // the caller holds a chunk
	block     *block // nil while no data of the partition is in memory

	segment *segment // retained; nil before the first record and after a jump
	pos     int64    // position in segment of the next batch to load
	low     int64    // no batch at pos or later starts below this offset

	// As of the last look: the ends of the segment and of the partition.
	size, segmentEnd, end int64
}

// block is a piece of a segment and the records decoded from it.
type block struct {
	buf     []byte
	reader  batch.Reader
	records []stream.Record
	n       int  // number of records in the chunk
	done    bool // all of buf is decoded
}

func (b *block) bytes() int64 {
	return int64(cap(b.buf)) + int64(cap(b.records))*recordBytes + b.reader.Memory()
}

func (b *block) chunk() []stream.Record { return b.records[:b.n] }

// look finds the segment to read from and reports whether there is something to
// read. The caller holds System.visible.
func (r *cursor) look() (bool, error) {
	p := r.partition
	r.end = p.end
	if r.segment != nil && r.pos >= r.segment.size && r.block == nil {
		if r.segment == p.last() && r.offset == p.end {
			return false, nil // the segment will grow
		}
		r.leave()
	}
	if r.segment != nil {
		r.size, r.segmentEnd = r.segment.size, r.segment.end
		return true, nil
	}
	if r.offset < p.start || r.offset > p.end {
		return false, &stream.OffsetOutOfRangeError{TopicPartition: p.tp, Offset: r.offset, Start: p.start, End: p.end}
	}
	if r.offset == p.end {
		return false, nil
	}
	if seg := p.segmentAt(r.offset); seg != nil {
		seg.retain()
		r.segment, r.pos, r.low = seg, -1, seg.base
		r.size, r.segmentEnd = seg.size, seg.end
	}
	return true, nil
}

// jump moves the cursor to another offset.
func (r *cursor) jump(offset int64) {
	r.leave()
	r.offset = offset
}

// leave releases the segment.
func (r *cursor) leave() {
	if r.segment != nil {
		r.partition.sys.logError(r.segment.release())
		r.segment = nil
	}
}

// fill decodes the next chunk into the block. It loads up to size bytes, or a
// single larger batch of up to room bytes, and decodes up to records records. It
// returns false if the batch is larger than room.
func (r *cursor) fill(size, room int64, records int) (bool, error) {
	b := r.block
	b.n = 0
	if r.segment == nil { // the rest of the partition is a hole
		r.offset = r.end
		b.done = true
		return true, nil
	}
	if r.pos < 0 {
		at, err := r.segment.seek(r.offset, r.size)
		if err != nil {
			return false, err
		}
		r.pos, r.low = at.pos, at.offset
	}
	if len(b.records) != records {
		b.records = make([]stream.Record, records)
	}
	for b.n == 0 {
		if b.done || len(b.buf) == 0 {
			if r.pos >= r.size {
				r.offset = max(r.offset, r.segmentEnd)
				b.done = true
				return true, nil
			}
			if ok, err := r.load(size, room); !ok {
				return false, err
			}
		}
		if err := r.decode(); err != nil {
			return false, err
		}
	}
	if b.done && r.pos >= r.size {
		r.offset = max(r.offset, r.segmentEnd)
	}
	return true, nil
}

// load reads bytes of the segment into the block, with at least one whole batch.
func (r *cursor) load(size, room int64) (bool, error) {
	b := r.block
	for {
		size = min(size, r.size-r.pos)
		if int64(cap(b.buf)) < size {
			b.buf = make([]byte, size)
		}
		b.buf = b.buf[:size]
		if err := r.segment.read(b.buf, r.pos); err != nil {
			return false, err
		}
		var h batch.Header
		ok, err := batch.ParseHeader(b.buf, &h)
		need := int64(h.Size)
		if err == nil && (!ok || need > r.size-r.pos) {
			err = errors.New("incomplete batch")
		}
		if err != nil {
			return false, r.segment.corrupt(r.low, err)
		}
		if need <= size {
			b.reader.Reset(b.buf)
			b.done = false
			return true, nil
		}
		if need > room {
			return false, nil
		}
		size = need
	}
}

// decode decodes records of the block into the chunk.
func (r *cursor) decode() error {
	b := r.block
	for b.n < len(b.records) {
		rec := &b.records[b.n]
		if b.reader.Record(rec) {
			if rec.Offset >= r.offset {
				r.offset = rec.Offset + 1
				b.n++
			}
			continue
		}
		if err := b.reader.Err(); err != nil {
			return r.segment.corrupt(r.offset, err)
		}
		if !b.reader.Next() {
			b.done = true
			r.pos += int64(len(b.buf) - b.reader.UnreadBytes())
			break
		}
		h := &b.reader.Header
		if h.BaseOffset < r.low || h.Next() > r.segmentEnd {
			return r.segment.corrupt(r.low, fmt.Errorf("unexpected batch with offsets %d to %d", h.BaseOffset, h.Next()-1))
		}
		r.low = h.Next()
	}
	if err := b.reader.Err(); err != nil {
		return r.segment.corrupt(r.offset, err)
	}
	return nil
}
