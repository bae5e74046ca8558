package partlog

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// Compact keeps the last record of each key in the stable part of the log, and removes
// aborted records. Tombstones and markers are removed when they have been kept for a while
// after the first compaction that met them, markers not before the last batch of their
// transaction. Removed records leave gaps in the offsets. The last batch of each producer
// remains as an empty hull with its sequence.
func (l *Log) Compact(now time.Time, keepTombstones time.Duration) {
	stable := l.Stable()
	last := l.lastOffsets(stable)
	hulls := make(map[int64]int64) // by producer: offset of its last batch
	for i := range l.entries {
		if e := &l.entries[i]; e.ProducerID >= 0 && e.Attributes&batch.Control == 0 {
			hulls[e.ProducerID] = e.BaseOffset
		}
	}
	kept := l.entries[:0]
	left := make(map[int64]bool) // by producer: whether batches of its transaction are left
	for _, e := range l.entries {
		control := e.Attributes&batch.Control != 0
		if e.BaseOffset < stable {
			due := e.pass(now, keepTombstones)
			hull, ok := hulls[e.ProducerID]
			l.compact(&e, last, due, ok && hull == e.BaseOffset || control && left[e.ProducerID])
		}
		if e.bytes != nil {
			kept = append(kept, e)
		}
		if e.Attributes&batch.Transactional != 0 {
			left[e.ProducerID] = !control && (e.bytes != nil || left[e.ProducerID])
		}
	}
	clear(l.entries[len(kept):])
	l.entries = kept
	l.aborted = slices.DeleteFunc(l.aborted, func(a abortion) bool { return !l.has(a) })
}

// pass notes a compaction, and reports whether tombstones and markers may be removed now.
func (e *entry) pass(now time.Time, keepTombstones time.Duration) (due bool) {
	if e.horizon.IsZero() {
		e.horizon = now.Add(keepTombstones)
		return false
	}
	return !now.Before(e.horizon)
}

// lastOffsets returns the offset of the last record of each key.
func (l *Log) lastOffsets(stable int64) map[string]int64 {
	last := make(map[string]int64)
	for i := range l.entries {
		e := &l.entries[i]
		if e.BaseOffset >= stable || e.Attributes&batch.Control != 0 || l.isAborted(e) {
			continue
		}
		var r stream.Record
		l.reader.Reset(e.bytes)
		l.reader.Next()
		for l.reader.Record(&r) {
			last[string(r.Key)] = r.Offset
		}
	}
	return last
}

// has reports whether batches of an aborted transaction are left.
func (l *Log) has(a abortion) bool {
	for i := l.at(a.FirstOffset); i < len(l.entries) && l.entries[i].BaseOffset < a.marker; i++ {
		if l.entries[i].ProducerID == a.Producer {
			return true
		}
	}
	return false
}

// compact leaves of a batch what last needs, and no bytes if that is nothing. A needed
// batch, of a producer or for what is before it, remains at least as a hull. Tombstones and
// markers are removed if they are due.
func (l *Log) compact(e *entry, last map[string]int64, due, needed bool) {
	if e.Attributes&batch.Control != 0 {
		if due && !needed {
			e.bytes = nil
		}
		return
	}
	var keep []stream.Record
	if !l.isAborted(e) {
		keep = slices.DeleteFunc(l.recordsOf(e), func(r stream.Record) bool {
			return last[string(r.Key)] != r.Offset || r.Value == nil && due
		})
	}
	switch {
	case len(keep) == 0 && !needed:
		e.bytes = nil
	case len(keep) == int(e.Count):
	default:
		e.rewrite(keep)
	}
}

// Places of changed fields in the header of a batch.
const (
	atLength     = 8
	atCRC        = 17
	atAttributes = 21
	atLastDelta  = 23
	atCount      = 57
	lengthFrom   = 12
	codecBits    = 7
)

// rewrite replaces the batch by an uncompressed one of fewer records with their offsets.
func (e *entry) rewrite(records []stream.Record) {
	old, delta := e.bytes, e.LastDelta
	be := binary.BigEndian
	if len(records) == 0 {
		e.bytes = slices.Clone(old[:batch.HeaderSize])
		be.PutUint32(e.bytes[atLength:], batch.HeaderSize-lengthFrom)
		be.PutUint32(e.bytes[atCount:], 0)
		be.PutUint16(e.bytes[atAttributes:], uint16(e.Attributes&^codecBits))
	} else {
		b := batch.Builder{Attributes: e.Attributes &^ codecBits, LeaderEpoch: e.LeaderEpoch}
		b.Start(nil)
		b.SetProducer(e.ProducerID, e.ProducerEpoch, e.Sequence)
		for i := range records {
			b.AppendAt(int32(records[i].Offset-e.BaseOffset), &records[i])
		}
		bytes, err := b.Finish(e.BaseOffset)
		if err != nil {
			panic("kafkasim: a batch can't be built: " + err.Error())
		}
		e.bytes = bytes
	}
	be.PutUint32(e.bytes[atLastDelta:], uint32(delta))
	be.PutUint32(e.bytes[atCRC:], crc32.Checksum(e.bytes[atAttributes:], crc32.MakeTable(crc32.Castagnoli)))
	if ok, err := batch.ParseHeader(e.bytes, &e.Header); !ok || err != nil {
		panic("kafkasim: a batch that was compacted isn't one")
	}
}
