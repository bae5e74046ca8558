package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/gretestream/grete/stream"
)

// Limit bounds a batch, as it is and when it is decompressed, in bytes. Larger ones aren't
// read.
const Limit = 128 << 20

// A Reader iterates over concatenated batches. Its zero value is at the end; Reset
// gives it bytes to read. It belongs to one goroutine.
//
// Keys and values of its records alias the bytes passed to Reset, or memory of the
// Reader. They are valid until the next Reset or Recycle. Header keys are ordinary
// strings.
type Reader struct {
	// Header is the header of the current batch.
	Header
	// Limit is the maximum size of a batch when it is decompressed, in bytes. 0 means
	// [Limit].
	Limit int
	// Budget bounds [Reader.Memory], in bytes: before a batch would exceed it, Record
	// returns false, and [Reader.Needs] what is needed. It may be changed at any time. 0
	// means no bound.
	Budget int64
	// Decompressor may be shared by readers of the same goroutine, to save memory. If it
	// is nil, the reader creates one when needed.
	Decompressor *Decompressor

	rest     []byte // bytes after the current batch
	records  []byte // unread records of the current batch
	left     int32  // number of unread records
	delta    int64  // offset delta of the last record
	packed   bool   // records is still compressed
	err      error
	headers  []stream.Header // of all records since Reset
	previous int             // index in headers of the previous record's first
	names    map[string]string
	unpacked [][]byte // a buffer for each compressed batch since Reset or Recycle
	used     int      // number of buffers in use
	size     int      // of the batch when it is decompressed, if it is known; else 0
	needs    int64
	intact   bool // the current batch has the right checksum
}

// Reset makes the reader read the batches in src.
func (r *Reader) Reset(src []byte) {
	r.rest = src
	r.records, r.left, r.err = nil, 0, nil
	r.headers, r.previous = r.headers[:0], 0
	r.used, r.size, r.needs, r.intact = 0, 0, 0, false
}

// Recycle allows the reader to reuse the memory of all records that it has returned.
// It doesn't change the position. With regular calls the reader's memory doesn't
// depend on the size of its input.
func (r *Reader) Recycle() {
	r.headers, r.previous = r.headers[:0], 0
	if last := r.used - 1; last >= 0 && r.left > 0 && !r.packed && r.Codec() != None {
		r.unpacked[0], r.unpacked[last] = r.unpacked[last], r.unpacked[0]
		r.used = 1
		return
	}
	r.used = 0
}

// UnreadBytes returns the number of bytes after the current batch. After Next has
// returned false without an error, they are the beginning of an incomplete batch.
func (r *Reader) UnreadBytes() int { return len(r.rest) }

// UnreadRecords returns the number of unread records in the current batch.
func (r *Reader) UnreadRecords() int { return int(r.left) }

// Memory returns the approximate number of bytes that the reader holds, without those
// passed to Reset and those of its Decompressor.
func (r *Reader) Memory() int64 {
	n := int64(cap(r.headers)) * int64(unsafe.Sizeof(stream.Header{}))
	for _, p := range r.unpacked {
		n += int64(cap(p))
	}
	return n
}

// Headers returns how many headers the records since Reset or Recycle have.
func (r *Reader) Headers() int { return len(r.headers) }

// Needs returns how much memory the reader needs for the current batch, if Record has
// returned false because the budget is smaller; else 0.
func (r *Reader) Needs() int64 { return r.needs }

// Intact reports whether the current batch is as its producer has written it: if reading it
// fails, reading it again doesn't help.
func (r *Reader) Intact() bool { return r.intact }

// Err returns the error that made Next or Record return false, nil at the end of the
// input. It wraps [ErrCorrupt].
func (r *Reader) Err() error { return r.err }

// Next advances to the next batch, validates its header and checksum, and reports
// whether there is a complete one. It skips unread records of the current batch.
func (r *Reader) Next() bool {
	r.records, r.left = nil, 0
	if r.err != nil {
		return false
	}
	r.size, r.needs, r.intact = 0, 0, false
	ok, err := ParseHeader(r.rest, &r.Header)
	if err != nil {
		r.err = err
	}
	if !ok || r.Size > len(r.rest) {
		return false
	}
	b := r.rest[:r.Size]
	if sum := binary.BigEndian.Uint32(b[atCRC:]); sum != checksum(b) {
		r.err = fmt.Errorf("%w: offset %d: the checksum is %08x, want %08x", ErrCorrupt, r.BaseOffset, checksum(b), sum)
		return false
	}
	r.rest = r.rest[r.Size:]
	r.records = b[HeaderSize:]
	r.left = r.Count
	r.delta = -1
	r.packed = r.Codec() != None
	r.intact = true
	return true
}

// Record decodes the batch's next record into rec and reports whether there is one.
func (r *Reader) Record(rec *stream.Record) bool {
	if r.left == 0 || r.err != nil {
		return false
	}
	if r.packed && !r.unpack() {
		return false
	}
	length, n := varint(r.records)
	if n == 0 || length < 0 || length > int64(len(r.records)-n) {
		return r.corrupt("invalid length of a record")
	}
	end := n + int(length)
	body := r.records[n:end]
	r.records = r.records[end:]
	r.left--
	if what := r.fields(body, rec); what != "" {
		return r.corrupt(what)
	}
	if r.left == 0 && len(r.records) != 0 {
		return r.corrupt("extra bytes after the last record")
	}
	return true
}

// fields decodes a record without its length. It returns a description of what is
// malformed, "" if nothing is.
func (r *Reader) fields(b []byte, rec *stream.Record) (wrong string) {
	if len(b) == 0 {
		return "empty record"
	}
	b = b[1:] // attributes
	since, n := varint(b)
	if n == 0 {
		return "invalid time of a record"
	}
	b = b[n:]
	delta, n := varint(b)
	if n == 0 || delta <= r.delta || delta > int64(r.LastDelta) {
		return "invalid offset of a record"
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
		return "invalid key of a record"
	}
	if rec.Value, b, ok = nullable(b); !ok {
		return "invalid value of a record"
	}
	if len(b) == 1 && b[0] == 0 {
		rec.Headers = nil
		return ""
	}
	return r.readHeaders(b, rec)
}

// readHeaders decodes the headers, which are the rest of a record.
func (r *Reader) readHeaders(b []byte, rec *stream.Record) (wrong string) {
	count, n := varint(b)
	if n == 0 || count < 0 || count > int64(len(b)) {
		return "invalid number of headers"
	}
	if count > maxHeaders {
		return "a record with more than 65536 headers"
	}
	b = b[n:]
	first := len(r.headers)
	for range count {
		key, rest, ok := nullable(b)
		if !ok || key == nil {
			return "invalid key of a header"
		}
		value, rest, ok := nullable(rest)
		if !ok {
			return "invalid value of a header"
		}
		b = rest
		r.headers = append(r.headers, stream.Header{Key: r.name(key, len(r.headers)-first, first), Value: value})
	}
	if len(b) != 0 {
		return "extra bytes after the headers"
	}
	rec.Headers = r.headers[first:len(r.headers):len(r.headers)]
	r.previous = first
	return ""
}

// maxHeaders bounds the headers of a record: in memory each takes 40 bytes, in a batch 2.
const maxHeaders = 1 << 16

// maxNames bounds the header keys in names, and their length.
const maxNames = 256

// name returns a header's key as a string, without allocating if it can. Usually the
// previous record has the same key at the same index.
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

// nullable decodes bytes that are preceded by their length; a length of -1 is nil.
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
// uses.
func (r *Reader) unpack() bool {
	if r.used == len(r.unpacked) {
		r.unpacked = append(r.unpacked, nil)
	}
	if r.Decompressor == nil {
		r.Decompressor = new(Decompressor)
	}
	buf := r.unpacked[r.used][:0]
	in, others := space{limit: Limit, budget: Limit, need: r.size}, int64(0)
	if r.Limit > 0 {
		in.limit = r.Limit
	}
	if r.Budget > 0 {
		others = r.Memory() - int64(cap(buf))
		in.budget = int(min(max(r.Budget-others, 0), Limit))
	}
	p, err := r.Decompressor.decompress(buf, r.Codec(), r.records, in)
	if starved := (*starvedError)(nil); errors.As(err, &starved) {
		r.size, r.needs = starved.need, others+int64(starved.need)
		return false
	}
	r.needs = 0
	if err != nil {
		r.err = fmt.Errorf("%w: offset %d: decompress %s: %w", ErrCorrupt, r.BaseOffset, r.Codec(), err)
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
