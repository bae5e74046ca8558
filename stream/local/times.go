package local

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// OffsetsAt skips segments and batches by their latest times, so that it reads the
// records of few batches.
func (a *admin) OffsetsAt(ctx context.Context, at int64, tps ...stream.TopicPartition) ([]int64, error) {
	out := make([]int64, len(tps))
	for i, tp := range tps {
		var err error
		if out[i], err = a.offsetAt(ctx, at, tp); err != nil {
			return nil, err
		}
	}
	if len(tps) == 0 {
		return out, ctx.Err()
	}
	return out, nil
}

func (a *admin) offsetAt(ctx context.Context, at int64, tp stream.TopicPartition) (int64, error) {
	s, err := a.read(ctx)
	if err != nil {
		return 0, err
	}
	p, err := s.partition(tp)
	if err != nil {
		s.visible.RUnlock()
		return 0, err
	}
	start, end := p.start, p.end
	var candidates []cursor
	for _, seg := range p.segments {
		if seg.end > start && seg.maxTime >= at {
			seg.retain()
			candidates = append(candidates, cursor{partition: p, segment: seg, offset: max(start, seg.base), size: seg.size, segmentEnd: seg.end})
		}
	}
	s.visible.RUnlock()
	defer func() {
		for i := range candidates {
			candidates[i].leave()
		}
	}()
	for i := range candidates {
		offset, found, err := candidates[i].firstAt(ctx, at)
		if err != nil {
			return 0, fmt.Errorf("find an offset by time in %w", err)
		}
		if found {
			return offset, nil
		}
	}
	return end, nil
}

// firstAt finds the first record in the segment, from r.offset on, whose time is at
// or later.
func (r *cursor) firstAt(ctx context.Context, at int64) (offset int64, found bool, err error) {
	walk := headerWalk{segment: r.segment, size: r.size}
	for walk.pos < walk.size {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		pos := walk.pos
		h, err := walk.next()
		if err != nil {
			return 0, false, err
		}
		if h.MaxTime < at || h.Next() <= r.offset {
			continue
		}
		r.pos, r.low = pos, h.BaseOffset
		return r.scanAt(ctx, at)
	}
	return 0, false, nil
}

// scanAt reads records from r.pos on until it finds one whose time is at or later.
func (r *cursor) scanAt(ctx context.Context, at int64) (offset int64, found bool, err error) {
	r.block = new(block)
	for r.offset < r.segmentEnd {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		if _, err := r.fill(minChunkBytes, maxRoom, minChunkRecords); err != nil {
			return 0, false, err
		}
		for _, rec := range r.block.chunk() {
			if rec.Time >= at {
				return rec.Offset, true, nil
			}
		}
	}
	return 0, false, nil
}
