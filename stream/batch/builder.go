package batch

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/gretestream/grete/stream"
)

// A Builder encodes batches, one after another. Its zero value is ready for Start.
// It belongs to one goroutine.
//
// Codec, Compressor, Attributes and LeaderEpoch may be set at any time before
// Finish. They apply to all following batches.
type Builder struct {
	Codec Codec
	// Compressor may be shared by builders of the same goroutine. If it is nil, the
	// builder creates one when needed.
	Compressor *Compressor
	// Attributes are [Transactional] and [Control], or 0.
	Attributes  int16
	LeaderEpoch int32

	buf       []byte
	start     int // position of the batch in buf
	count     int32
	lastDelta int32
	firstTime int64
	maxTime   int64
	producer  producer
	sum       uint32 // checksum of the first summed bytes of the records
	summed    int
}

type producer struct {
	id       int64
	epoch    int16
	sequence int32
}

// Start starts a batch after the bytes of dst. The builder owns dst until Finish
// returns it with the batch appended.
func (b *Builder) Start(dst []byte) {
	b.start = len(dst)
	b.buf = append(dst, make([]byte, HeaderSize)...)
	b.count, b.lastDelta = 0, -1
	b.producer = producer{-1, -1, -1}
	b.sum, b.summed = 0, 0
}

// SetProducer sets the idempotent producer of the current batch, and the sequence
// number of its first record.
func (b *Builder) SetProducer(id int64, epoch int16, sequence int32) {
	b.producer = producer{id, epoch, sequence}
}

// UpdateChecksum computes the checksum of the records so far. It is an optimization
// for batches that stay open until their records have left the CPU's caches. It is
// useless if the batch will be compressed.
func (b *Builder) UpdateChecksum() {
	records := b.buf[b.start+HeaderSize:]
	b.sum = crc32.Update(b.sum, crcTable, records[b.summed:])
	b.summed = len(records)
}

// Count returns the number of records appended since Start.
func (b *Builder) Count() int { return int(b.count) }

// MaxTime returns the latest time of these records, 0 if there are none.
func (b *Builder) MaxTime() int64 { return b.maxTime }

// Size returns the uncompressed size of the batch so far, in bytes. The caller must
// keep it below 2 GiB.
func (b *Builder) Size() int { return len(b.buf) - b.start }

// Append copies a record into the batch, at the next offset. It ignores the record's
// own offset.
func (b *Builder) Append(r *stream.Record) { b.AppendAt(b.lastDelta+1, r) }

// AppendAt copies a record into the batch, delta offsets after the batch's base
// offset. delta must be greater than that of the previous record.
func (b *Builder) AppendAt(delta int32, r *stream.Record) {
	if b.count == 0 {
		b.firstTime, b.maxTime = r.Time, r.Time
	}
	b.count++
	b.lastDelta = delta
	b.maxTime = max(b.maxTime, r.Time)
	since := r.Time - b.firstTime
	if len(r.Headers) == 0 && max(uint64(since), uint64(delta), uint64(len(r.Key)), uint64(len(r.Value))) < short {
		b.buf = appendShort(b.buf, int(since), int(delta), r)
		return
	}
	body := 1 + varintLen(since) + varintLen(int64(delta)) +
		sizeOf(r.Key) + sizeOf(r.Value) + varintLen(int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		body += varintLen(int64(len(h.Key))) + len(h.Key) + sizeOf(h.Value)
	}
	n := len(b.buf)
	size := varintLen(int64(body)) + body
	b.buf = slices.Grow(b.buf, size)[:n+size]
	encode(b.buf[n:], body, since, delta, r)
}

// sizeOf returns the encoded size of nullable bytes.
func sizeOf(p []byte) int {
	if p == nil {
		return 1
	}
	return varintLen(int64(len(p))) + len(p)
}

// encode writes a record to p, which has exactly the record's size.
func encode(p []byte, body int, since int64, delta int32, r *stream.Record) {
	i := putVarint(p, int64(body))
	p[i] = 0 // attributes, unused
	i++
	i += putVarint(p[i:], since)
	i += putVarint(p[i:], int64(delta))
	i += putBytes(p[i:], r.Key)
	i += putBytes(p[i:], r.Value)
	i += putVarint(p[i:], int64(len(r.Headers)))
	for k := range r.Headers {
		h := &r.Headers[k]
		i += putVarint(p[i:], int64(len(h.Key)))
		i += copy(p[i:], h.Key)
		i += putBytes(p[i:], h.Value)
	}
}

func putBytes(p, v []byte) int {
	if v == nil {
		p[0] = 1 // -1
		return 1
	}
	n := putVarint(p, int64(len(v)))
	return n + copy(p[n:], v)
}

// Finish compresses the records, writes the header with the given base offset, and
// returns the bytes passed to Start followed by the batch. A batch without records
// is omitted. Call Start before the next record.
func (b *Builder) Finish(baseOffset int64) ([]byte, error) {
	buf := b.buf
	b.buf = nil
	if b.count == 0 {
		return buf[:b.start], nil
	}
	defer func() { b.count = 0 }()
	if b.Codec != None {
		if b.Compressor == nil {
			b.Compressor = new(Compressor)
		}
		packed, err := b.Compressor.compress(b.Codec, buf[b.start+HeaderSize:])
		if err != nil {
			return nil, fmt.Errorf("compress a record batch with %s: %w", b.Codec, err)
		}
		buf = append(buf[:b.start+HeaderSize], packed...)
		b.sum, b.summed = 0, 0
	}
	if len(buf)-b.start > math.MaxInt32 {
		return nil, fmt.Errorf("the record batch has %d bytes; at most %d are allowed", len(buf)-b.start, math.MaxInt32)
	}
	b.writeHeader(buf[b.start:], baseOffset)
	return buf, nil
}

func (b *Builder) writeHeader(p []byte, baseOffset int64) {
	be := binary.BigEndian
	be.PutUint64(p[atBaseOffset:], uint64(baseOffset))
	be.PutUint32(p[atLength:], uint32(len(p)-lengthFrom))
	be.PutUint32(p[atLeaderEpoch:], uint32(b.LeaderEpoch))
	p[atMagic] = magic
	be.PutUint16(p[atAttributes:], uint16(b.Attributes)|uint16(b.Codec))
	be.PutUint32(p[atLastDelta:], uint32(b.lastDelta))
	be.PutUint64(p[atFirstTime:], uint64(b.firstTime))
	be.PutUint64(p[atMaxTime:], uint64(b.maxTime))
	be.PutUint64(p[atProducerID:], uint64(b.producer.id))
	be.PutUint16(p[atEpoch:], uint16(b.producer.epoch))
	be.PutUint32(p[atSequence:], uint32(b.producer.sequence))
	be.PutUint32(p[atCount:], uint32(b.count))
	if b.summed == 0 {
		be.PutUint32(p[atCRC:], checksum(p))
		return
	}
	records := crc32.Update(b.sum, crcTable, p[HeaderSize+b.summed:])
	header := crc32.Checksum(p[atAttributes:HeaderSize], crcTable)
	be.PutUint32(p[atCRC:], joined(header, records, len(p)-HeaderSize))
}
