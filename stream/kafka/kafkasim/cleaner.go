package kafkasim

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// Compact keeps the last record of each key in the stable part of a partition, and removes
// aborted records. Tombstones and markers are removed delete.retention.ms after they were
// first met, markers not before the last batch of their transaction. Removed records leave
// gaps in the offsets. The last batch of each producer remains as an empty hull with its
// sequence.
func (c *Cluster) Compact(now time.Time, tp stream.TopicPartition) {
	p := c.mustHave(tp)
	stable := p.log.stable()
	last := c.lastOffsets(&p.log, stable)
	hulls := make(map[int64]int64) // by producer: offset of its last batch
	for i := range p.log.entries {
		if e := &p.log.entries[i]; e.ProducerID >= 0 && e.Attributes&batch.Control == 0 {
			hulls[e.ProducerID] = e.BaseOffset
		}
	}
	kept := p.log.entries[:0]
	left := make(map[int64]bool) // by producer: whether batches of its transaction are left
	for _, e := range p.log.entries {
		if e.BaseOffset < stable {
			hull, ok := hulls[e.ProducerID]
			c.compact(now, p, &e, last, ok && hull == e.BaseOffset || e.Attributes&batch.Control != 0 && left[e.ProducerID])
		}
		if e.bytes != nil {
			kept = append(kept, e)
		}
		if e.Attributes&batch.Transactional != 0 {
			left[e.ProducerID] = e.bytes != nil && e.Attributes&batch.Control == 0 || left[e.ProducerID] && e.Attributes&batch.Control == 0
		}
	}
	clear(p.log.entries[len(kept):])
	p.log.entries = kept
	p.log.aborted = slices.DeleteFunc(p.log.aborted, func(a abortion) bool { return !p.log.has(a) })
	c.changed()
}

// lastOffsets is where the last record of each key is.
func (c *Cluster) lastOffsets(l *log, stable int64) map[string]int64 {
	last := make(map[string]int64)
	for i := range l.entries {
		e := &l.entries[i]
		if e.BaseOffset >= stable || e.Attributes&batch.Control != 0 || l.isAborted(e) {
			continue
		}
		var r stream.Record
		c.reader.Reset(e.bytes)
		c.reader.Next()
		for c.reader.Record(&r) {
			last[string(r.Key)] = r.Offset
		}
	}
	return last
}

// has reports whether batches of an aborted transaction are left.
func (l *log) has(a abortion) bool {
	for i := l.at(a.FirstOffset); i < len(l.entries) && l.entries[i].BaseOffset < a.marker; i++ {
		if l.entries[i].ProducerID == a.Producer {
			return true
		}
	}
	return false
}

// compact makes of a batch what is left of it, nil if that is nothing; of one that
// is needed, for its producer or for what is before it, a hull at least.
func (c *Cluster) compact(now time.Time, p *partition, e *entry, last map[string]int64, needed bool) {
	due := !e.horizon.IsZero() && !now.Before(e.horizon)
	if e.horizon.IsZero() {
		e.horizon = now.Add(p.topic.tombstones)
	}
	if e.Attributes&batch.Control != 0 {
		if due && !needed {
			e.bytes = nil
		}
		return
	}
	var keep []stream.Record
	if !p.log.isAborted(e) {
		keep = slices.DeleteFunc(c.recordsOf(e, p.log.start), func(r stream.Record) bool {
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

// rewrite makes a batch of fewer records, of the same offsets, uncompressed.
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
