package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// ErrCorrupt: the bytes aren't a valid batch.
var ErrCorrupt = errors.New("corrupt record batch")

// HeaderSize is the number of bytes before the records of a batch.
const HeaderSize = 61

// Positions of the header's fields.
const (
	atBaseOffset  = 0
	atLength      = 8
	atLeaderEpoch = 12
	atMagic       = 16
	atCRC         = 17
	atAttributes  = 21
	atLastDelta   = 23
	atFirstTime   = 27
	atMaxTime     = 35
	atProducerID  = 43
	atEpoch       = 51
	atSequence    = 53
	atCount       = 57

	// lengthFrom is the position from which the length field counts.
	lengthFrom = 12
	magic      = 2
)

// Bits of a header's attributes. The lowest three are the [Codec].
const (
	codecMask     = 0x07
	logAppendTime = 0x08
	// Transactional marks a batch of a transaction.
	Transactional = 0x10
	// Control marks a batch with the end of a transaction instead of user records.
	Control = 0x20
)

// A Header is the header of a batch. ProducerID, ProducerEpoch and Sequence are -1
// without an idempotent producer.
type Header struct {
	BaseOffset int64
	// LastDelta is the last offset of the batch, relative to BaseOffset. Compaction may
	// have removed records, but not offsets.
	LastDelta     int32
	Size          int // of the whole batch, in bytes
	LeaderEpoch   int32
	Attributes    int16
	FirstTime     int64 // ms since 1970
	MaxTime       int64
	ProducerID    int64
	ProducerEpoch int16
	Sequence      int32
	Count         int32 // number of records
}

// Next returns the offset after the batch.
func (h *Header) Next() int64 { return h.BaseOffset + int64(h.LastDelta) + 1 }

// Codec returns the compression of the records.
func (h *Header) Codec() Codec { return Codec(h.Attributes & codecMask) }

// ParseHeader decodes the header at the beginning of src into h and validates it,
// except for the checksum. It returns false and no error if src is too short for a
// header.
func ParseHeader(src []byte, h *Header) (bool, error) {
	if len(src) < HeaderSize {
		return false, nil
	}
	be := binary.BigEndian
	length := int32(be.Uint32(src[atLength:]))
	if src[atMagic] != magic {
		return false, fmt.Errorf("%w: message format %d is not supported, only %d is", ErrCorrupt, src[atMagic], magic)
	}
	*h = Header{
		BaseOffset:    int64(be.Uint64(src[atBaseOffset:])),
		LastDelta:     int32(be.Uint32(src[atLastDelta:])),
		Size:          int(length) + lengthFrom,
		LeaderEpoch:   int32(be.Uint32(src[atLeaderEpoch:])),
		Attributes:    int16(be.Uint16(src[atAttributes:])),
		FirstTime:     int64(be.Uint64(src[atFirstTime:])),
		MaxTime:       int64(be.Uint64(src[atMaxTime:])),
		ProducerID:    int64(be.Uint64(src[atProducerID:])),
		ProducerEpoch: int16(be.Uint16(src[atEpoch:])),
		Sequence:      int32(be.Uint32(src[atSequence:])),
		Count:         int32(be.Uint32(src[atCount:])),
	}
	switch {
	case length < HeaderSize-lengthFrom:
		return false, fmt.Errorf("%w: invalid length of %d bytes", ErrCorrupt, length)
	case h.Count < 0 || h.LastDelta < 0 || int64(h.Count) > int64(h.LastDelta)+1:
		return false, fmt.Errorf("%w: %d records in %d offsets", ErrCorrupt, h.Count, int64(h.LastDelta)+1)
	case h.BaseOffset < 0 || h.BaseOffset > math.MaxInt64-int64(h.LastDelta)-1:
		return false, fmt.Errorf("%w: invalid offset %d", ErrCorrupt, h.BaseOffset)
	}
	return true, nil
}

// SetBaseOffset sets the base offset of a finished batch. The checksum doesn't cover
// it, so that a log can set it when it appends the batch.
func SetBaseOffset(batch []byte, offset int64) {
	binary.BigEndian.PutUint64(batch[atBaseOffset:], uint64(offset))
}

// crcTable selects CRC-32C, for which CPUs have an instruction.
//
//nolint:gochecknoglobals // a constant in all but form
var crcTable = crc32.MakeTable(crc32.Castagnoli)
