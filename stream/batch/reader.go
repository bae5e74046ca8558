package batch

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/gretestream/grete/stream"
)

// DefaultLimit bounds what a compressed batch may become.
const DefaultLimit = 128 << 20

// A Reader walks over concatenated batches. Its zero value is at the end; Reset
// gives it bytes. It belongs to one goroutine.
//
// The records that it fills alias the bytes given to Reset, or memory of the
// reader's: they are valid until the next Reset or Reuse. Header keys are ordinary
// strings.
type Reader struct {
	// Header is of the batch that Next found.
	Header
	// Limit is the greatest size, in bytes, that a compressed batch may have when
	// it is unpacked. 0 means [DefaultLimit].
	Limit int
	// Decompressor unpacks the compressed batches. Readers of the same goroutine may
	// share one, and save its memory. nil: the reader makes one of its own.
	Decompressor *Decompressor

	rest     []byte // batches after this one
	records  []byte // of this batch, not yet read
	left     int32  // how many they are
	delta    int64  // of the last record
	packed   bool   // records are compressed still
	err      error
	headers  []stream.Header // of all records since Reset
	previous int             // where the headers of the record before begin
	names    map[string]string
	unpacked [][]byte // one for each compressed batch since Reset or Reuse
	used     int      // how many of them
}

// Reset starts over with the batches in src.
func (r *Reader) Reset(src []byte) {
	r.rest = src
	r.records, r.left, r.err = nil, 0, nil
	r.headers, r.previous = r.headers[:0], 0
	r.used = 0
}

// Recycle lets the memory of the records that were read be used again, and goes on
// where the reader is: what it holds doesn't grow with the bytes given to Reset.
func (r *Reader) Recycle() {
	r.headers, r.previous = r.headers[:0], 0
	if last := r.used - 1; last >= 0 && r.left > 0 && !r.packed && r.Codec() != None {
		r.unpacked[0], r.unpacked[last] = r.unpacked[last], r.unpacked[0]
		r.used = 1
		return
	}
	r.used = 0
}

// UnreadBytes is how many bytes lie behind the batch that Next found last. After Next
// has returned false without an error they are the beginning of a batch that
// isn't all there.
func (r *Reader) UnreadBytes() int { return len(r.rest) }

// UnreadRecords is how many records of the batch haven't been read.
func (r *Reader) UnreadRecords() int { return int(r.left) }

// Memory is about how many bytes the reader holds besides those given to Reset,
// and its Decompressor.
func (r *Reader) Memory() int64 {
	n := int64(cap(r.headers)) * int64(unsafe.Sizeof(stream.Header{}))
	for _, p := range r.unpacked {
		n += int64(cap(p))
	}
	return n
}

// Err is the error that made Next or Record return false, nil at the end. It
// wraps [ErrCorrupt].
func (r *Reader) Err() error { return r.err }

// Next goes to the next batch, whose Header and checksum it checks, and reports
// whether there is a whole one. Records not read of the one before are passed
// over.
func (r *Reader) Next() bool {
	r.records, r.left = nil, 0
	if r.err != nil {
		return false
	}
	ok, err := ParseHeader(r.rest, &r.Header)
	if err != nil {
		r.err = err
	}
	if !ok || r.Size > len(r.rest) {
		return false
	}
	b := r.rest[:r.Size]
	if sum := binary.BigEndian.Uint32(b[atCRC:]); sum != checksum(b) {
		r.err = fmt.Errorf("%w: offset %d: checksum is %08x, should be %08x", ErrCorrupt, r.BaseOffset, checksum(b), sum)
		return false
	}
	r.rest = r.rest[r.Size:]
	r.records = b[HeaderSize:]
	r.left = r.Count
	r.delta = -1
	r.packed = r.Codec() != None
	return true
}

// Record fills rec with the batch's next record and reports whether there is
// one.
func (r *Reader) Record(rec *stream.Record) bool {
	if r.left == 0 || r.err != nil {
		return false
	}
	if r.packed && !r.unpack() {
		return false
	}
	length, n := varint(r.records)
	if n == 0 || length < 0 || length > int64(len(r.records)-n) {
		return r.corrupt("record's length")
	}
	end := n + int(length)
	body := r.records[n:end]
	r.records = r.records[end:]
	r.left--
	if what := r.fields(body, rec); what != "" {
		return r.corrupt(what)
	}
	if r.left == 0 && len(r.records) != 0 {
		return r.corrupt("bytes behind the last record")
	}
	return true
}

// fields reads a record without its length, and returns what in it is wrong.
func (r *Reader) fields(b []byte, rec *stream.Record) (wrong string) {
	if len(b) == 0 {
		return "empty record"
	}
	b = b[1:] // attributes
	since, n := varint(b)
	if n == 0 {
		return "record's time"
	}
	b = b[n:]
	delta, n := varint(b)
	if n == 0 || delta <= r.delta || delta > int64(r.LastDelta) {
		return "record's offset"
	}
	b = b[n:]
	r.delta = delta
	rec.Offset = r.BaseOffset + delta
	rec.Time = r.FirstTime + since
	if r.Attributes&logAppendTime != 0 {
		rec.Time = r.MaxTime
	}
	var ok bool
	if rec.Key, b, ok = nullable(b); !ok {
		return "record's key"
	}
	if rec.Value, b, ok = nullable(b); !ok {
		return "record's value"
	}
	if len(b) == 1 && b[0] == 0 {
		rec.Headers = nil
		return ""
	}
	return r.readHeaders(b, rec)
}

// readHeaders takes the rest of a record.
func (r *Reader) readHeaders(b []byte, rec *stream.Record) (wrong string) {
	count, n := varint(b)
	if n == 0 || count < 0 || count > int64(len(b)) {
		return "record's number of headers"
	}
	b = b[n:]
	first := len(r.headers)
	for range count {
		key, rest, ok := nullable(b)
		if !ok || key == nil {
			return "header's key"
		}
		value, rest, ok := nullable(rest)
		if !ok {
			return "header's value"
		}
		b = rest
		r.headers = append(r.headers, stream.Header{Key: r.name(key, len(r.headers)-first, first), Value: value})
	}
	if len(b) != 0 {
		return "bytes behind the headers"
	}
	rec.Headers = r.headers[first:len(r.headers):len(r.headers)]
	r.previous = first
	return ""
}

// maxNames bounds the header keys that are kept.
const maxNames = 256

// name is a header's key as a string. Most often it is that of the record before
// in the same place.
func (r *Reader) name(key []byte, i, first int) string {
	if at := r.previous + i; at < first && r.headers[at].Key == string(key) {
		return r.headers[at].Key
	}
	if s, ok := r.names[string(key)]; ok {
		return s
	}
	s := string(key)
	if r.names == nil {
		r.names = make(map[string]string)
	}
	if len(r.names) < maxNames && len(s) < maxNames {
		r.names[s] = s
	}
	return s
}

// nullable reads bytes with their length, -1 for nil.
func nullable(b []byte) (p, rest []byte, ok bool) {
	size, n := varint(b)
	if n == 0 || size > int64(len(b)-n) || size < -1 {
		return nil, nil, false
	}
	if size < 0 {
		return nil, b[n:], true
	}
	end := n + int(size)
	return b[n:end:end], b[end:], true
}

// unpack decompresses the records into a buffer that no other batch since Reset
// has.
func (r *Reader) unpack() bool {
	if r.used == len(r.unpacked) {
		r.unpacked = append(r.unpacked, nil)
	}
	limit := r.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if r.Decompressor == nil {
		r.Decompressor = new(Decompressor)
	}
	p, err := r.Decompressor.decompress(r.unpacked[r.used][:0], r.Codec(), r.records, limit)
	if err != nil {
		r.err = fmt.Errorf("%w: offset %d: unpack %s: %w", ErrCorrupt, r.BaseOffset, r.Codec(), err)
		return false
	}
	r.unpacked[r.used] = p
	r.used++
	r.records, r.packed = p, false
	return true
}

func (r *Reader) corrupt(what string) bool {
	r.err = fmt.Errorf("%w: offset %d: %s", ErrCorrupt, r.BaseOffset+max(r.delta, 0), what)
	return false
}
