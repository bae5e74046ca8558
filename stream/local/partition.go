package local

import (
	"slices"
	"sort"
	"time"

	"github.com/gretestream/grete/stream"
)

type topic struct {
	stream.TopicConfig
	id         string // "" of one that was made before topics had ids
	partitions []*partition
}

func newTopic(s *System, cfg stream.TopicConfig, id string) *topic {
	t := &topic{TopicConfig: cfg, id: id, partitions: make([]*partition, cfg.Partitions)}
	for i := range t.partitions {
		t.partitions[i] = &partition{
			tp:      stream.TopicPartition{Topic: cfg.Name, Partition: int32(i)},
			sys:     s,
			topic:   t,
			readers: make(map[*consumer]struct{}),
		}
	}
	return t
}

// retention is the topic's own, or else the log's.
func (t *topic) retention(s *System) time.Duration {
	if t.Retention == 0 {
		return s.opts.Retention
	}
	return t.Retention
}

// partition is what the log says of a partition.
type partition struct {
	tp    stream.TopicPartition
	sys   *System
	topic *topic

	// Guarded by System.visible, changed under System.mu too.
	start, end int64
	segments   []*segment // by offset, without overlap; compaction leaves gaps
	readers    map[*consumer]struct{}

	// Guarded by System.mu.
	writing *segment // the last of segments, retained once it was written to
	nextGen int64
}

// segmentBytes is the size at which a segment is full.
func (p *partition) segmentBytes() int64 {
	if p.topic.Cleanup == stream.CleanupCompact {
		return p.sys.opts.CompactedSegmentBytes
	}
	return p.sys.opts.SegmentBytes
}

// last is the segment that grows, nil if there is none.
func (p *partition) last() *segment {
	if len(p.segments) == 0 {
		return nil
	}
	return p.segments[len(p.segments)-1]
}

// segmentAt is the first segment with records at offset or behind it, nil if
// there is none.
func (p *partition) segmentAt(offset int64) *segment {
	i := sort.Search(len(p.segments), func(i int) bool { return p.segments[i].end > offset })
	if i == len(p.segments) {
		return nil
	}
	return p.segments[i]
}

// apply does what an edit says and returns the segments that are no longer the
// log's. fresh holds segments that were opened for it already. The caller holds
// System.visible, or is alone.
func (p *partition) apply(e *edit, fresh []*segment) (gone []*segment) {
	switch e.kind {
	case editGrow:
		x := e.segments[0]
		last := p.last()
		if last == nil || last.base != x.base || last.gen != x.gen {
			last = p.newSegment(x, fresh)
			p.segments = append(p.segments, last)
		}
		// Base and gen stay: they are the file's name, which readers use without a lock.
		last.size, last.end, last.maxTime = x.size, x.end, x.maxTime
		p.end = x.end
	case editBounds:
		p.start, p.end = max(p.start, e.start), max(p.end, e.end)
		gone = p.replace(e.drop, nil)
	case editCompact:
		list := make([]*segment, len(e.segments))
		for i, x := range e.segments {
			list[i] = p.newSegment(x, fresh)
		}
		gone = p.replace(e.drop, list)
	}
	return gone
}

// replace puts segments in the place of those that end at drop or before.
func (p *partition) replace(drop int64, by []*segment) (gone []*segment) {
	n := sort.Search(len(p.segments), func(i int) bool { return p.segments[i].end > drop })
	gone = slices.Clone(p.segments[:n])
	p.segments = append(by, p.segments[n:]...)
	return gone
}

func (p *partition) newSegment(x extent, fresh []*segment) *segment {
	p.nextGen = max(p.nextGen, x.gen+1)
	for _, s := range fresh {
		if s.partition == p && s.base == x.base && s.gen == x.gen {
			return s
		}
	}
	return &segment{partition: p, extent: x}
}

// snapshot appends the edits that make the partition from nothing.
func (p *partition) snapshot(edits []edit) []edit {
	if p.end == 0 {
		return edits
	}
	for _, s := range p.segments {
		edits = append(edits, edit{kind: editGrow, tp: p.tp, segments: []extent{s.extent}})
	}
	return append(edits, edit{kind: editBounds, tp: p.tp, start: p.start, end: p.end, drop: -1})
}
