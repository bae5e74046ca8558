package kafkasim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A log is what a partition holds, and what it knows of its producers from that.
type log struct {
	start, end int64
	entries    []entry
	producers  producers
	open       []*producer // with a transaction under way, in the order of their first offsets
	aborted    []abortion  // in the order of their markers
}

// An entry is a batch. Its bytes never change, so that answers can have them.
type entry struct {
	batch.Header
	bytes   []byte
	horizon time.Time // when its tombstones may go; zero: it hasn't been compacted
}

// An abortion is a transaction that came to nothing.
type abortion struct {
	wire.Aborted
	marker int64 // the offset of its end
}

func (l *log) init() { l.producers = make(producers) }

// restart is where another broker takes over, or the same once more. What was being
// verified is forgotten.
func (l *log) restart() {
	for _, p := range l.producers {
		p.verifying = false
	}
}

// stable is the last stable offset: before it nothing is undecided.
func (l *log) stable() int64 {
	switch {
	case len(l.open) == 0:
		return l.end
	case l.open[0].first >= l.start:
		return l.open[0].first
	case len(l.entries) > 0: // its beginning is deleted
		return min(l.entries[0].BaseOffset, l.start)
	}
	return l.start
}

// atLeaderEpoch is where a batch says in which leadership it was written. Like the
// offset, that isn't under its checksum.
const atLeaderEpoch = 12

// add puts a batch at the end, whose bytes are the log's from now on.
func (l *log) add(h *batch.Header, bytes []byte, leaderEpoch int32) {
	h.BaseOffset, h.LeaderEpoch = l.end, leaderEpoch
	batch.SetBaseOffset(bytes, l.end)
	binary.BigEndian.PutUint32(bytes[atLeaderEpoch:], uint32(leaderEpoch))
	l.entries = append(l.entries, entry{Header: *h, bytes: bytes})
	l.end = h.Next()
}

// at is the place of the batch with an offset, or of the next one.
func (l *log) at(offset int64) int {
	i, _ := slices.BinarySearchFunc(l.entries, offset, func(e entry, o int64) int {
		if e.Next() <= o {
			return -1
		}
		return 1
	})
	return i
}

// begin notes the first batch of a producer's transaction.
func (l *log) begin(p *producer, offset int64) {
	p.first = offset
	l.open = append(l.open, p)
}

// finish notes a marker.
func (l *log) finish(p *producer, commit bool, marker int64) {
	if p.first >= 0 {
		l.open = slices.DeleteFunc(l.open, func(o *producer) bool { return o == p })
		if !commit {
			l.aborted = append(l.aborted, abortion{wire.Aborted{Producer: p.id, FirstOffset: p.first}, marker})
		}
	}
	p.first = -1
}

// advance drops what lies below an offset.
func (l *log) advance(start int64) {
	l.start = max(l.start, start)
	keep := l.at(l.start)
	l.entries = slices.Delete(l.entries, 0, keep)
	l.aborted = slices.DeleteFunc(l.aborted, func(a abortion) bool { return a.marker < l.start })
}

// abortedFrom are the transactions that a reader from an offset on may meet.
func (l *log) abortedFrom(offset int64) []wire.Aborted {
	var list []wire.Aborted
	for _, a := range l.aborted {
		if a.marker >= offset {
			list = append(list, a.Aborted)
		}
	}
	return list
}
