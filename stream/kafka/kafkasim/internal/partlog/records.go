package partlog

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// Records returns copies of the records in order: the committed ones up to the last stable
// offset; or, if not only committed ones, all but the aborted ones.
func (l *Log) Records(committed bool) []stream.Record {
	end := l.end
	if committed {
		end = l.Stable()
	}
	var records []stream.Record
	for i := range l.entries {
		e := &l.entries[i]
		if e.BaseOffset >= end {
			break
		}
		if e.Attributes&batch.Control != 0 || l.isAborted(e) {
			continue
		}
		records = append(records, l.recordsOf(e)...)
	}
	return records
}

// Batches returns the base offsets of the batches that are left.
func (l *Log) Batches() []int64 {
	var all []int64
	for i := range l.entries {
		all = append(all, l.entries[i].BaseOffset)
	}
	return all
}

// recordsOf copies the records of a batch from the start of the log on.
func (l *Log) recordsOf(e *entry) []stream.Record {
	records := make([]stream.Record, 0, e.Count)
	l.reader.Reset(e.bytes)
	l.reader.Next()
	var r stream.Record
	for l.reader.Record(&r) {
		if r.Offset < l.start {
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
func (l *Log) isAborted(e *entry) bool {
	return e.Attributes&batch.Transactional != 0 && slices.ContainsFunc(l.aborted, func(a abortion) bool {
		return a.Producer == e.ProducerID && a.FirstOffset <= e.BaseOffset && e.BaseOffset < a.marker
	})
}

// commits reports whether a control batch is the marker of a commit.
func (l *Log) commits(e *entry) bool {
	var marker stream.Record
	l.reader.Reset(e.bytes)
	return l.reader.Next() && l.reader.Record(&marker) && binary.BigEndian.Uint16(marker.Key[2:]) == 1
}
