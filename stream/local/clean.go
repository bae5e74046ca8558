package local

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// keepClean calls Clean periodically and whenever a segment is full, until the
// system is closed.
func (s *System) keepClean(ctx context.Context) {
	tick := time.NewTicker(s.opts.CleanInterval)
	defer tick.Stop()
	for {
		if err := s.Clean(ctx); err != nil && ctx.Err() == nil {
			s.logError(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.full:
		}
	}
}

// Clean deletes full segments whose records are all older than their topic's
// retention, and compacts the full segments of compacted topics if that is
// worthwhile. It normally runs in the background. It blocks neither commits nor
// readers.
func (s *System) Clean(ctx context.Context) error {
	s.cleaning.Lock()
	defer s.cleaning.Unlock()
	for _, p := range s.allPartitions() {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if p.topic.Cleanup == stream.CleanupCompact {
			err = p.compact(ctx)
		} else {
			err = p.dropOld()
		}
		if err != nil {
			return fmt.Errorf("clean up %s of the embedded log in %s: %w", p.tp, s.dir, err)
		}
	}
	return nil
}

func (s *System) allPartitions() []*partition {
	s.visible.RLock()
	defer s.visible.RUnlock()
	var all []*partition
	for _, t := range s.topics {
		all = append(all, t.partitions...)
	}
	return all
}

// dropOld deletes the segments that are older than the topic's retention.
func (p *partition) dropOld() error {
	s := p.sys
	keep := p.topic.retention(s)
	if keep < 0 {
		return nil
	}
	oldest := s.opts.Now().Add(-keep).UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	start := p.start
	for i := 0; i < len(p.segments)-1 && p.segments[i].maxTime < oldest; i++ {
		start = p.segments[i].end
	}
	if start <= p.start {
		return nil
	}
	t := transaction{sys: s, edits: []edit{{kind: editBounds, tp: p.tp, start: start, end: p.end, drop: start}}}
	return t.commit()
}
