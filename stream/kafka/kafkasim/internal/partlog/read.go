package partlog

import (
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Read returns batches from an offset on, and their size: up to a limit, unless whole asks
// for the first one in any case.
func (l *Log) Read(offset int64, limit int, whole bool) (batches [][]byte, size int) {
	stable := l.Stable()
	from := l.at(offset)
	to := from
	for to < len(l.entries) && l.entries[to].BaseOffset < stable && (size < limit || whole && to == from) {
		size += len(l.entries[to].bytes)
		to++
	}
	if to == from {
		return nil, 0
	}
	head := len(l.entries[from].bytes)
	if head > limit {
		if !whole {
			return nil, 0
		}
		limit = head
	}
	for i := range l.entries[from:to] {
		batches = append(batches, l.entries[from+i].bytes)
	}
	return batches, min(size, limit)
}

// Readable returns how many bytes a reader from an offset on could get, up to a limit.
func (l *Log) Readable(offset int64, limit int) (size int) {
	stable := l.Stable()
	for i := l.at(offset); i < len(l.entries) && size < limit && l.entries[i].BaseOffset < stable; i++ {
		size = min(size+len(l.entries[i].bytes), limit)
	}
	return size
}

// AbortedFrom returns the aborted transactions that a reader from an offset on may meet.
func (l *Log) AbortedFrom(offset int64) []wire.Aborted {
	var list []wire.Aborted
	for _, a := range l.aborted {
		if a.marker >= offset {
			list = append(list, a.Aborted)
		}
	}
	return list
}

// Find returns the first record before end, of a user or a marker, whose time isn't before
// at; -1 and -1 if there is none.
func (l *Log) Find(at, end int64) (time, offset int64) {
	for i := range l.entries {
		e := &l.entries[i]
		if e.BaseOffset >= end {
			break
		}
		if e.MaxTime < at {
			continue
		}
		var record stream.Record
		l.reader.Reset(e.bytes)
		l.reader.Next()
		for l.reader.Record(&record) {
			if record.Time >= at && record.Offset >= l.start {
				return record.Time, record.Offset
			}
		}
	}
	return -1, -1
}
