package local

import (
	"slices"
	"sort"
	"time"

	"github.com/gretestream/grete/stream"
)

type topic struct {
	stream.TopicConfig
	id         string // "" for a topic that was created before topics had ids
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

// retention returns the topic's own retention, or the log's default.
func (t *topic) retention(s *System) time.Duration {
	if t.Retention == 0 {
		return s.opts.Retention
	}
	return t.Retention
}

// partition is the state of a partition.
type partition struct {
	tp    stream.TopicPartition
	sys   *System
	topic *topic

	// Guarded by System.visible, changed under System.mu too.
	start, end int64
	segments   []*segment // sorted, without overlap; compaction leaves gaps
	readers    map[*consumer]struct{}

	// Guarded by System.mu.
	writing *segment // the last segment; nil until it was written to, then retained
	nextGen int64
}

// segmentBytes returns the size at which a segment is full.
func (p *partition) segmentBytes() int64 {
	if p.topic.Cleanup == stream.CleanupCompact {
		return p.sys.opts.CompactedSegmentBytes
	}
	return p.sys.opts.SegmentBytes
}

// last returns the segment that is appended to, nil if there is none.
func (p *partition) last() *segment {
	if len(p.segments) == 0 {
		return nil
	}
	return p.segments[len(p.segments)-1]
}

// segmentAt returns the first segment that ends after offset, nil if there is
// none.
func (p *partition) segmentAt(offset int64) *segment {
	i := sort.Search(len(p.segments), func(i int) bool { return p.segments[i].end > offset })
	if i == len(p.segments) {
		return nil
	}
	return p.segments[i]
}

// apply applies an edit and returns the segments that it has removed from the log.
// fresh are segments that are already open for the edit. The caller holds
// System.visible, or has the only reference.
func (p *partition) apply(e *edit, fresh []*segment) (gone []*segment) {
	switch e.kind {
	case editGrow:
		x := e.segments[0]
		last := p.last()
		if last == nil || last.base != x.base || last.gen != x.gen {
			last = p.newSegment(x, fresh)
			p.segments = append(p.segments, last)
		}
		// base and gen never change: they form the file's name, which readers use without
		// a lock.
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

// replace replaces the segments that end at or before drop.
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

// snapshot appends the edits that create the partition from an empty log.
func (p *partition) snapshot(edits []edit) []edit {
	if p.end == 0 {
		return edits
	}
	for _, s := range p.segments {
		edits = append(edits, edit{kind: editGrow, tp: p.tp, segments: []extent{s.extent}})
	}
	return append(edits, edit{kind: editBounds, tp: p.tp, start: p.start, end: p.end, drop: -1})
}
