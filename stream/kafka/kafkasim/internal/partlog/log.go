// Package partlog is the log of a simulated partition: batches, what they imply about
// producers and transactions, reads and compaction.
package partlog

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A Log is the data of a partition, and what it implies about producers. [New] makes one.
type Log struct {
	start, end int64
	entries    []entry
	producers  Producers
	open       []*Producer // with an open transaction, in the order of their first offsets
	aborted    []abortion  // in the order of their markers
	reader     batch.Reader
}

// An entry is a batch. Its bytes never change, so that answers can share them.
type entry struct {
	batch.Header
	bytes   []byte
	horizon time.Time // when its tombstones may be removed; zero: it hasn't been compacted
}

// An abortion is an aborted transaction.
type abortion struct {
	wire.Aborted
	marker int64 // the offset of its end
}

// New returns an empty log.
func New() *Log { return &Log{producers: make(Producers)} }

// Start returns the offset of the first record that is kept.
func (l *Log) Start() int64 { return l.start }

// End returns the offset of the next record: the high watermark.
func (l *Log) End() int64 { return l.end }

// Producer returns what the log knows of a producer.
func (l *Log) Producer(id int64) *Producer { return l.producers.Of(id) }

// Restart is called when another broker takes over, or the same one restarts. Pending
// verifications are forgotten.
func (l *Log) Restart() {
	for _, p := range l.producers {
		p.verifying = false
	}
}

// Stable returns the last stable offset: everything before it is decided.
func (l *Log) Stable() int64 {
	switch {
	case len(l.open) == 0:
		return l.end
	case l.open[0].First >= l.start:
		return l.open[0].First
	case len(l.entries) > 0: // its beginning is deleted
		return min(l.entries[0].BaseOffset, l.start)
	}
	return l.start
}

// atLeaderEpoch is the place of the leader epoch in a batch. The checksum covers neither it
// nor the offset.
const atLeaderEpoch = 12

// Append appends a batch. Its bytes belong to the log from now on.
func (l *Log) Append(h *batch.Header, bytes []byte, leaderEpoch int32) {
	h.BaseOffset, h.LeaderEpoch = l.end, leaderEpoch
	batch.SetBaseOffset(bytes, l.end)
	binary.BigEndian.PutUint32(bytes[atLeaderEpoch:], uint32(leaderEpoch))
	l.entries = append(l.entries, entry{Header: *h, bytes: bytes})
	l.end = h.Next()
}

// at returns the index of the batch with an offset, or of the next one.
func (l *Log) at(offset int64) int {
	i, _ := slices.BinarySearchFunc(l.entries, offset, func(e entry, o int64) int {
		if e.Next() <= o {
			return -1
		}
		return 1
	})
	return i
}

// Begin notes the first batch of a producer's transaction.
func (l *Log) Begin(p *Producer, offset int64) {
	p.First = offset
	l.open = append(l.open, p)
}

// Finish notes the end of a producer's transaction. Its marker will be appended next.
func (l *Log) Finish(p *Producer, commit bool) {
	p.verifying = false
	l.finish(p, commit, l.end)
}

func (l *Log) finish(p *Producer, commit bool, marker int64) {
	if p.First >= 0 {
		l.open = slices.DeleteFunc(l.open, func(o *Producer) bool { return o == p })
		if !commit {
			l.aborted = append(l.aborted, abortion{wire.Aborted{Producer: p.ID, FirstOffset: p.First}, marker})
		}
	}
	p.First = -1
}

// Advance drops everything below an offset.
func (l *Log) Advance(start int64) {
	l.start = max(l.start, start)
	keep := l.at(l.start)
	l.entries = slices.Delete(l.entries, 0, keep)
	l.aborted = slices.DeleteFunc(l.aborted, func(a abortion) bool { return a.marker < l.start })
}

// Truncate removes the last n offsets, as if they had never existed.
func (l *Log) Truncate(n int64) {
	end := max(l.end-n, l.start)
	kept := l.entries
	for len(kept) > 0 && kept[len(kept)-1].Next() > end {
		kept = kept[:len(kept)-1]
	}
	clear(l.entries[len(kept):])
	if l.end > end {
		l.end = l.start
		if len(kept) > 0 {
			l.end = max(kept[len(kept)-1].Next(), l.start)
		}
	}
	l.reread(kept)
}

// reread replaces the batches, and finds out from them what the log has to know.
func (l *Log) reread(entries []entry) {
	l.producers = make(Producers)
	l.entries, l.open, l.aborted = entries, nil, nil
	for i := range entries {
		e := &entries[i]
		if e.ProducerID < 0 {
			continue
		}
		p := l.producers.Of(e.ProducerID)
		switch {
		case e.Attributes&batch.Control != 0:
			p.enter(e.ProducerEpoch)
			l.finish(p, l.commits(e), e.BaseOffset)
		default:
			p.Wrote(&e.Header)
			if e.Attributes&batch.Transactional != 0 && p.First < 0 {
				l.Begin(p, e.BaseOffset)
			}
		}
	}
}
