package kv

import (
	"encoding/binary"
	"errors"
)

// A Batch is a list of changes that are written together. It is encoded as it grows, in
// RocksDB's write batch format, so that one call passes it to C:
//
//	8 bytes sequence (0) | uint32 LE count | operations
//	put     0x05 family key value     delete  0x04 family key
//	range   0x0e family from to       meta    0x01 key value
//
// where family is a varint, and keys and values are a varint length and bytes. The
// format is that of RocksDB's log, so it won't change.
type Batch struct {
	families []uint32 // of each store; 0, the default family, holds the meta record
	rep      []byte
	count    uint32
	ranges   []Range
}

// A Range is the keys [From, To) of a store.
type Range struct {
	Store    int
	From, To []byte
}

// An OpKind is the kind of an operation in a batch, by RocksDB's number.
type OpKind byte

const (
	OpMeta        OpKind = 0x01
	OpDelete      OpKind = 0x04
	OpPut         OpKind = 0x05
	OpDeleteRange OpKind = 0x0e
)

const (
	batchHeader = 12
	// MetaKey is the key of the meta record in family 0.
	MetaKey = "meta"
)

// NewBatch returns a batch for a database whose store i has the family families[i]. It
// is for engines.
func NewBatch(families []uint32) *Batch {
	return &Batch{families: families, rep: make([]byte, batchHeader)}
}

// Put sets the value of a key.
func (b *Batch) Put(store int, key, value []byte) {
	b.op(OpPut, store)
	b.bytes(key)
	b.bytes(value)
}

// Delete removes a key.
func (b *Batch) Delete(store int, key []byte) {
	b.op(OpDelete, store)
	b.bytes(key)
}

// DeleteRange removes the keys [from, to). Later puts in the batch remain.
func (b *Batch) DeleteRange(store int, from, to []byte) {
	b.op(OpDeleteRange, store)
	b.bytes(from)
	b.bytes(to)
	b.ranges = append(b.ranges, Range{store, append([]byte(nil), from...), append([]byte(nil), to...)})
}

// SetMeta replaces the meta record.
func (b *Batch) SetMeta(meta []byte) {
	b.count++
	b.rep = append(b.rep, byte(OpMeta), byte(len(MetaKey)))
	b.rep = append(b.rep, MetaKey...)
	b.bytes(meta)
}

func (b *Batch) op(kind OpKind, store int) {
	b.count++
	b.rep = append(b.rep, byte(kind))
	b.rep = binary.AppendUvarint(b.rep, uint64(b.families[store]))
}

func (b *Batch) bytes(p []byte) {
	b.rep = binary.AppendUvarint(b.rep, uint64(len(p)))
	b.rep = append(b.rep, p...)
}

// A batchMark is a state of a batch that it can be rewound to.
type batchMark struct {
	count          uint32
	length, ranges int
}

func (b *Batch) mark() batchMark { return batchMark{b.count, len(b.rep), len(b.ranges)} }

func (b *Batch) rewind(m batchMark) {
	b.count, b.rep, b.ranges = m.count, b.rep[:m.length], b.ranges[:m.ranges]
}

// Len returns the number of operations.
func (b *Batch) Len() int { return int(b.count) }

// Size returns the number of encoded bytes.
func (b *Batch) Size() int { return len(b.rep) }

// Ranges returns the ranges that the batch deletes, valid until Reset.
func (b *Batch) Ranges() []Range { return b.ranges }

// Encoded returns the batch in RocksDB's format, valid until the next change.
func (b *Batch) Encoded() []byte {
	binary.LittleEndian.PutUint32(b.rep[8:], b.count)
	return b.rep
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.rep = b.rep[:batchHeader]
	b.count = 0
	b.ranges = b.ranges[:0]
}

var errBatch = errors.New("malformed write batch")

// ReadBatch calls f for each operation of an encoded batch: a is the key, or the start
// of a range, b the value, or the end of the range. They alias the batch. It is for
// engines other than RocksDB.
func ReadBatch(encoded []byte, f func(kind OpKind, family uint32, a, b []byte) error) error {
	if len(encoded) < batchHeader {
		return errBatch
	}
	count := binary.LittleEndian.Uint32(encoded[8:])
	r := batchReader{rest: encoded[batchHeader:]}
	for ; count > 0; count-- {
		kind, family, a, b := r.op()
		if r.failed {
			return errBatch
		}
		if err := f(kind, family, a, b); err != nil {
			return err
		}
	}
	if len(r.rest) != 0 {
		return errBatch
	}
	return nil
}

type batchReader struct {
	rest   []byte
	failed bool
}

func (r *batchReader) op() (kind OpKind, family uint32, a, b []byte) {
	if len(r.rest) == 0 {
		r.failed = true
		return 0, 0, nil, nil
	}
	kind = OpKind(r.rest[0])
	r.rest = r.rest[1:]
	switch kind {
	case OpMeta:
		return kind, 0, r.bytes(), r.bytes()
	case OpPut, OpDeleteRange:
		return kind, r.family(), r.bytes(), r.bytes()
	case OpDelete:
		return kind, r.family(), r.bytes(), nil
	}
	r.failed = true
	return kind, 0, nil, nil
}

func (r *batchReader) family() uint32 {
	n := r.uvarint()
	if n > 1<<32-1 {
		r.failed = true
	}
	return uint32(n)
}

func (r *batchReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	p := r.rest[:n:n]
	r.rest = r.rest[n:]
	return p
}

func (r *batchReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}
