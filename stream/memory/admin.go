package memory

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

type admin System

func (a *admin) lock(ctx context.Context) (*System, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := (*System)(a)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, stream.ErrClosed
	}
	return s, nil
}

func (a *admin) Partitions(ctx context.Context, topics ...string) (map[string]int32, error) {
	s, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
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
	s, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := make(map[string]stream.TopicConfig)
	for _, name := range topics {
		if t := s.topics[name]; t != nil {
			cfg := t.TopicConfig
			cfg.Replication, cfg.TombstoneRetention = 1, 0
			if cfg.Retention == 0 {
				cfg.Retention = -1 // records are kept forever
			}
			found[name] = cfg
		}
	}
	return found, nil
}

func (a *admin) TopicIDs(ctx context.Context, topics ...string) (map[string]string, error) {
	s, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	ids := make(map[string]string)
	for _, name := range topics {
		if t := s.topics[name]; t != nil {
			ids[name] = t.id
		}
	}
	return ids, nil
}

func (a *admin) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	cfg, err := cfg.Check()
	if err != nil {
		return err
	}
	s, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.topics[cfg.Name] != nil {
		return fmt.Errorf("create topic %s: %w", cfg.Name, stream.ErrTopicExists)
	}
	s.topics[cfg.Name] = newTopic(cfg)
	return nil
}

// Grow implements [stream.Grower].
func (a *admin) Grow(ctx context.Context, topic string, partitions int32) error {
	s, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	t := s.topics[topic]
	if t == nil {
		return fmt.Errorf("grow topic %s: %w", topic, stream.ErrUnknownTopic)
	}
	if more := int(partitions) - len(t.partitions); more > 0 {
		t.partitions = append(t.partitions, make([]partition, more)...)
		t.Partitions = partitions
	}
	return nil
}

func (a *admin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, func(p *partition) int64 { return p.start })
}

func (a *admin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, (*System)(a).look)
}

func (a *admin) LogEnds(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, (*partition).end)
}

func (a *admin) OffsetsAt(ctx context.Context, at int64, tps ...stream.TopicPartition) ([]int64, error) {
	return a.each(ctx, tps, func(p *partition) int64 {
		for i := range p.records[:p.shown-p.start] {
			if p.records[i].Time >= at {
				return p.records[i].Offset
			}
		}
		return p.shown
	})
}

func (a *admin) each(ctx context.Context, tps []stream.TopicPartition, of func(*partition) int64) ([]int64, error) {
	s, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
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
	s, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]int64, len(tps))
	for i, tp := range tps {
		offset, ok := s.offsets[groupPartition{group, tp}]
		if !ok {
			offset = -1
		}
		out[i] = offset
	}
	return out, nil
}

func (a *admin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	s, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, pos := range before {
		p, err := s.partition(pos.TopicPartition)
		if err != nil {
			return err
		}
		if pos.Offset < 0 || pos.Offset > p.end() {
			return &stream.OffsetOutOfRangeError{TopicPartition: pos.TopicPartition, Offset: pos.Offset, Start: p.start, End: p.end()}
		}
	}
	for _, pos := range before {
		p, _ := s.partition(pos.TopicPartition)
		if n := pos.Offset - p.start; n > 0 {
			p.records = p.records[n:]
			p.start = pos.Offset
			p.shown = max(p.shown, p.start)
		}
	}
	return nil
}
