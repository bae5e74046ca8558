package local

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/gretestream/grete/stream"
)

type admin System

// read locks visible for reading.
func (a *admin) read(ctx context.Context) (*System, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := (*System)(a)
	s.visible.RLock()
	if err := s.checkOpen(); err != nil {
		s.visible.RUnlock()
		return nil, err
	}
	return s, nil
}

func (a *admin) Partitions(ctx context.Context, topics ...string) (map[string]int32, error) {
	s, err := a.read(ctx)
	if err != nil {
		return nil, err
	}
	defer s.visible.RUnlock()
	found := make(map[string]int32)
	for _, name := range topics {
		if t := s.topics[name]; t != nil {
			found[name] = t.Partitions
		}
	}
	if len(topics) == 0 {
		for name, t := range s.topics {
			found[name] = t.Partitions
		}
	}
	return found, nil
}

func (a *admin) Describe(ctx context.Context, topics ...string) (map[string]stream.TopicConfig, error) {
	s, err := a.read(ctx)
	if err != nil {
		return nil, err
	}
	defer s.visible.RUnlock()
	found := make(map[string]stream.TopicConfig)
	for _, name := range topics {
		if t := s.topics[name]; t != nil {
			cfg := t.TopicConfig
			cfg.Retention, cfg.Replication, cfg.TombstoneRetention = t.retention(s), 1, 0
			if cfg.Cleanup == stream.CleanupCompact {
				cfg.TombstoneRetention = s.opts.TombstoneRetention
			}
			found[name] = cfg
		}
	}
	return found, nil
}

func (a *admin) TopicIDs(ctx context.Context, topics ...string) (map[string]string, error) {
	s, err := a.read(ctx)
	if err != nil {
		return nil, err
	}
	defer s.visible.RUnlock()
	ids := make(map[string]string)
	for _, name := range topics {
		if t := s.topics[name]; t != nil && t.id != "" {
			ids[name] = t.id
		}
	}
	return ids, nil
}

func (a *admin) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	cfg, err := cfg.Check()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	s := (*System)(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkOpen(); err != nil {
		return err
	}
	if s.topics[cfg.Name] != nil {
		return fmt.Errorf("create topic %s: %w", cfg.Name, stream.ErrTopicExists)
	}
	id := rand.Text()
	if err := s.saveTopic(cfg, id); err != nil {
		return fmt.Errorf("create topic %s in the embedded log in %s: %w", cfg.Name, s.dir, err)
	}
	s.visible.Lock()
	defer s.visible.Unlock()
	s.topics[cfg.Name] = newTopic(s, cfg, id)
	return nil
}

func (a *admin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, func(p *partition) int64 { return p.start })
}

func (a *admin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, func(p *partition) int64 { return p.end })
}

// LogEnds equals Ends: uncommitted records aren't in the log.
func (a *admin) LogEnds(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.Ends(ctx, tps...)
}

func (a *admin) each(ctx context.Context, tps []stream.TopicPartition, of func(*partition) int64) ([]int64, error) {
	s, err := a.read(ctx)
	if err != nil {
		return nil, err
	}
	defer s.visible.RUnlock()
	out := make([]int64, len(tps))
	for i, tp := range tps {
		p, err := s.partition(tp)
		if err != nil {
			return nil, err
		}
		out[i] = of(p)
	}
	return out, nil
}

func (a *admin) Committed(ctx context.Context, group string, tps ...stream.TopicPartition) ([]int64, error) {
	s, err := a.read(ctx)
	if err != nil {
		return nil, err
	}
	defer s.visible.RUnlock()
	out := make([]int64, len(tps))
	for i, tp := range tps {
		offset, ok := s.offsets[group][tp]
		if !ok {
			offset = -1
		}
		out[i] = offset
	}
	return out, nil
}

// DeleteRecords raises the starts of the partitions, and removes the segments that
// lie entirely below. It removes a partition's last segment only if that one is
// large enough to be worth a new file.
func (a *admin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := (*System)(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := transaction{sys: s}
	for _, pos := range before {
		p, err := s.partition(pos.TopicPartition)
		if err != nil {
			return err
		}
		if pos.Offset < 0 || pos.Offset > p.end {
			return &stream.OffsetOutOfRangeError{TopicPartition: p.tp, Offset: pos.Offset, Start: p.start, End: p.end}
		}
		if pos.Offset > p.start {
			t.edits = append(t.edits, edit{kind: editBounds, tp: p.tp, start: pos.Offset, end: p.end, drop: p.dropBelow(pos.Offset)})
		}
	}
	if err := t.commit(); err != nil {
		return fmt.Errorf("delete records from the embedded log in %s: %w", s.dir, err)
	}
	return nil
}

// dropBelow returns the offset up to which segments are removed when the partition
// is to begin at start.
func (p *partition) dropBelow(start int64) int64 {
	last := p.last()
	if last != nil && start >= last.end && last.size < p.segmentBytes()/8 {
		return last.base
	}
	return start
}
