package kafkasim

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// Records returns copies of the records of a partition in order: the committed ones up to
// the last stable offset; or, if not only committed ones, all but the aborted ones up to
// the high watermark.
func (c *Cluster) Records(tp stream.TopicPartition, committed bool) []stream.Record {
	p := c.partition(tp)
	if p == nil {
		return nil
	}
	end := p.log.end
	if committed {
		end = p.log.stable()
	}
	var records []stream.Record
	for i := range p.log.entries {
		e := &p.log.entries[i]
		if e.BaseOffset >= end {
			break
		}
		if e.Attributes&batch.Control != 0 || p.log.isAborted(e) {
			continue
		}
		records = append(records, c.recordsOf(e, p.log.start)...)
	}
	return records
}

// recordsOf copies what is in a batch, from an offset on.
func (c *Cluster) recordsOf(e *entry, from int64) []stream.Record {
	records := make([]stream.Record, 0, e.Count)
	c.reader.Reset(e.bytes)
	c.reader.Next()
	var r stream.Record
	for c.reader.Record(&r) {
		if r.Offset < from {
			continue
		}
		headers := make([]stream.Header, len(r.Headers))
		for i, h := range r.Headers {
			headers[i] = stream.Header{Key: h.Key, Value: bytes.Clone(h.Value)}
		}
		records = append(records, stream.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value), Headers: headers, Time: r.Time, Offset: r.Offset})
	}
	return records
}

// isAborted reports whether a batch belongs to an aborted transaction.
func (l *log) isAborted(e *entry) bool {
	return e.Attributes&batch.Transactional != 0 && slices.ContainsFunc(l.aborted, func(a abortion) bool {
		return a.Producer == e.ProducerID && a.FirstOffset <= e.BaseOffset && e.BaseOffset < a.marker
	})
}

// commits tells what a control batch says.
func (c *Cluster) commits(e *entry) bool {
	var marker stream.Record
	c.reader.Reset(e.bytes)
	return c.reader.Next() && c.reader.Record(&marker) && binary.BigEndian.Uint16(marker.Key[2:]) == 1
}

// Partitions returns those of all topics, in the order of their creation.
func (c *Cluster) Partitions() []stream.TopicPartition {
	var all []stream.TopicPartition
	for _, t := range c.topics {
		for _, p := range t.partitions {
			all = append(all, p.TopicPartition)
		}
	}
	return all
}

// Start returns the offset of the first record that a partition has kept.
func (c *Cluster) Start(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.start }

// HighWatermark returns the end of a partition.
func (c *Cluster) HighWatermark(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.end }

// LastStable returns the last stable offset of a partition.
func (c *Cluster) LastStable(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.stable() }

func (c *Cluster) mustHave(tp stream.TopicPartition) *partition {
	if p := c.partition(tp); p != nil {
		return p
	}
	panic("kafkasim: there is no partition " + tp.String())
}
