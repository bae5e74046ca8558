package local

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// compaction rewrites the full segments of a partition without the records that a
// later record of the same key supersedes. Offsets don't change. Tombstones are
// kept for a while, so that slow readers see them.
//
// Clean segments have been compacted before; together they hold each key once. The
// others are dirty. A compaction collects the keys of the dirty segments in a
// table, and then rewrites clean and dirty segments.
type compaction struct {
	partition *partition
	inputs    []*segment // all full segments, retained
	extents   []extent   // of inputs
	keys      *keyTable
	// forget is the time before which tombstones are dropped, in ms since 1970.
	forget int64

	gen     int64
	out     []*segment
	builder batch.Builder
	buf     []byte
	base    int64 // base offset of the batch being built
}

// compact compacts the partition if enough of it is dirty.
func (p *partition) compact(ctx context.Context) error {
	c := p.plan()
	if c == nil {
		return nil
	}
	return c.finish(ctx)
}

// finish runs the compaction and releases its segments.
func (c *compaction) finish(ctx context.Context) error {
	p := c.partition
	err := c.run(ctx)
	for _, seg := range c.inputs {
		p.sys.logError(seg.release())
	}
	for _, seg := range c.out {
		if err != nil {
			p.sys.logError(seg.remove())
		}
		p.sys.logError(seg.release())
	}
	return err
}

// plan returns a compaction of all full segments, which it retains. It returns nil
// unless the dirty segments have at least half the size of the clean ones.
func (p *partition) plan() *compaction {
	s := p.sys
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p.segments) < 2 {
		return nil
	}
	full := p.segments[:len(p.segments)-1]
	var clean, dirty int64
	for _, seg := range full {
		if seg.gen > 0 {
			clean += seg.size
		} else {
			dirty += seg.size
		}
	}
	if dirty == 0 || dirty < clean/2 {
		return nil
	}
	c := &compaction{
		partition: p,
		inputs:    slices.Clone(full),
		keys:      newKeyTable(),
		forget:    s.opts.Now().Add(-s.opts.TombstoneRetention).UnixMilli(),
		gen:       p.nextGen,
	}
	p.nextGen++
	for _, seg := range full {
		seg.retain()
		c.extents = append(c.extents, seg.extent)
	}
	return c
}

func (c *compaction) run(ctx context.Context) error {
	n, err := c.collectKeys(ctx)
	if err != nil {
		return err
	}
	for i := range n {
		err := c.records(ctx, i, func(r *stream.Record) error {
			if !c.keep(i, r) {
				return nil
			}
			return c.write(r)
		})
		if err != nil {
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.swap(n)
}

// collectKeys puts the keys of dirty segments into the table: those of at least one
// segment, and of further ones until the table is full. It returns the number of
// inputs that are covered.
func (c *compaction) collectKeys(ctx context.Context) (int, error) {
	collected := false
	for i := range c.inputs {
		if c.extents[i].gen > 0 {
			continue
		}
		if collected && c.keys.full() {
			return i, nil
		}
		collected = true
		err := c.records(ctx, i, func(r *stream.Record) error {
			c.keys.put(r.Key, r.Offset)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(c.inputs), nil
}

// keep reports whether to keep a record of input i: the last of its key, unless it
// is an old tombstone. A tombstone in a dirty segment is kept whatever its age,
// because the record that it deletes goes only now, and a reader may have seen it.
func (c *compaction) keep(i int, r *stream.Record) bool {
	if c.keys.last(r.Key) > r.Offset {
		return false
	}
	return r.Value != nil || r.Time >= c.forget || c.extents[i].gen == 0
}

// records calls do for each record of an input.
func (c *compaction) records(ctx context.Context, i int, do func(*stream.Record) error) error {
	x := c.extents[i]
	r := cursor{partition: c.partition, segment: c.inputs[i], offset: x.base, low: x.base, size: x.size, segmentEnd: x.end, block: new(block)}
	for r.offset < x.end {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := r.fill(maxChunkBytes, maxRoom, maxChunkRecords); err != nil {
			return err
		}
		chunk := r.block.chunk()
		for j := range chunk {
			if err := do(&chunk[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends a record to the batch being built.
func (c *compaction) write(r *stream.Record) error {
	const maxDelta = 1 << 30
	if c.builder.Count() > 0 && (c.builder.Size() >= batchBytes || r.Offset-c.base > maxDelta) {
		if err := c.flush(); err != nil {
			return err
		}
	}
	if c.builder.Count() == 0 {
		c.base = r.Offset
		c.builder.Start(c.buf[:0])
	}
	c.builder.AppendAt(int32(r.Offset-c.base), r)
	return nil
}

// flush writes the batch to the last output segment or to a new one.
func (c *compaction) flush() error {
	if c.builder.Count() == 0 {
		return nil
	}
	latest := c.builder.MaxTime()
	var err error
	if c.buf, err = c.builder.Finish(c.base); err != nil {
		return err
	}
	var h batch.Header
	if _, err := batch.ParseHeader(c.buf, &h); err != nil {
		return err
	}
	seg, err := c.segment(latest)
	if err != nil {
		return err
	}
	f, err := seg.open(os.O_RDWR)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(c.buf, seg.size); err != nil {
		return err
	}
	seg.size += int64(len(c.buf))
	seg.end = h.Next()
	seg.maxTime = max(seg.maxTime, latest)
	return nil
}

// segment returns the output segment to write to. It isn't visible to others yet.
func (c *compaction) segment(latest int64) (*segment, error) {
	p := c.partition
	if n := len(c.out); n > 0 && c.out[n-1].size+int64(len(c.buf)) <= p.segmentBytes() {
		return c.out[n-1], nil
	}
	seg := &segment{partition: p, extent: extent{base: c.base, gen: c.gen, maxTime: latest}}
	seg.retain()
	c.out = append(c.out, seg)
	_, err := seg.open(os.O_RDWR | os.O_CREATE | os.O_TRUNC)
	return seg, err
}

var errOvertaken = errors.New("segments were deleted during their compaction")

// swap replaces the first n inputs by the output segments. It fails with
// errOvertaken if inputs were deleted meanwhile.
func (c *compaction) swap(n int) error {
	p, s := c.partition, c.partition.sys
	e := edit{kind: editCompact, tp: p.tp, drop: c.extents[n-1].end}
	for _, seg := range c.out {
		if s.opts.Sync != SyncNever {
			if err := seg.sync(); err != nil {
				return err
			}
		}
		e.segments = append(e.segments, seg.extent)
	}
	if s.opts.Sync != SyncNever {
		if err := s.opts.fs.SyncDir(s.topicDir(p.tp.Topic)); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p.segments) < n || !slices.Equal(p.segments[:n], c.inputs[:n]) {
		return errOvertaken
	}
	t := transaction{sys: s, edits: []edit{e}, swapped: c.out}
	return t.commit()
}
