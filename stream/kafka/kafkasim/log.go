package kafkasim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A log is the data of a partition, and what it implies about producers.
type log struct {
	start, end int64
	entries    []entry
	producers  producers
	open       []*producer // with an open transaction, in the order of their first offsets
	aborted    []abortion  // in the order of their markers
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

func (l *log) init() { l.producers = make(producers) }

// restart is called when another broker takes over, or the same one restarts. Pending
// verifications are forgotten.
func (l *log) restart() {
	for _, p := range l.producers {
		p.verifying = false
	}
}

// stable returns the last stable offset: everything before it is decided.
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

// add appends a batch, whose bytes belong to the log from now on.
func (l *log) add(h *batch.Header, bytes []byte, leaderEpoch int32) {
	h.BaseOffset, h.LeaderEpoch = l.end, leaderEpoch
	batch.SetBaseOffset(bytes, l.end)
	binary.BigEndian.PutUint32(bytes[atLeaderEpoch:], uint32(leaderEpoch))
	l.entries = append(l.entries, entry{Header: *h, bytes: bytes})
	l.end = h.Next()
}

// at returns the index of the batch with an offset, or of the next one.
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

// advance drops everything below an offset.
func (l *log) advance(start int64) {
	l.start = max(l.start, start)
	keep := l.at(l.start)
	l.entries = slices.Delete(l.entries, 0, keep)
	l.aborted = slices.DeleteFunc(l.aborted, func(a abortion) bool { return a.marker < l.start })
}

// abortedFrom returns the aborted transactions that a reader from an offset on may meet.
func (l *log) abortedFrom(offset int64) []wire.Aborted {
	var list []wire.Aborted
	for _, a := range l.aborted {
		if a.marker >= offset {
			list = append(list, a.Aborted)
		}
	}
	return list
}

// Truncate is an unclean election: the last n offsets are lost as if they had never
// existed, and the leader epoch is increased. Coordinators don't notice.
func (c *Cluster) Truncate(tp stream.TopicPartition, n int64) {
	p := c.mustHave(tp)
	end := max(p.log.end-n, p.log.start)
	old := p.log.entries
	for len(old) > 0 && old[len(old)-1].Next() > end {
		old = old[:len(old)-1]
	}
	clear(p.log.entries[len(old):])
	if p.log.end > end {
		p.log.end = p.log.start
		if len(old) > 0 {
			p.log.end = max(old[len(old)-1].Next(), p.log.start)
		}
	}
	c.reread(&p.log, old)
	p.elected(p.leader)
	c.changed()
}

// reread finds out from its batches what a log has to know.
func (c *Cluster) reread(l *log, entries []entry) {
	l.init()
	l.entries, l.open, l.aborted = entries, nil, nil
	for i := range entries {
		e := &entries[i]
		if e.ProducerID < 0 {
			continue
		}
		p := l.producers.of(e.ProducerID)
		switch {
		case e.Attributes&batch.Control != 0:
			p.enter(e.ProducerEpoch)
			l.finish(p, c.commits(e), e.BaseOffset)
		default:
			p.wrote(&e.Header)
			if e.Attributes&batch.Transactional != 0 && p.first < 0 {
				l.begin(p, e.BaseOffset)
			}
		}
	}
}
