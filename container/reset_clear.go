package container

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gretestream/grete/stream"
)

const (
	// livingCost is what a key costs besides its bytes.
	livingCost = 64
	// buryBytes bounds a transaction, so that it is over in a moment.
	buryBytes = 1 << 20
)

// A gravedigger removes, in changelogs that it reads, all keys that have a value.
type gravedigger struct {
	*resetting
	living map[stream.TopicPartition]map[string]struct{}
	held   int64 // bytes of living
	buried int64 // bytes in the open transaction
}

// clear empties the stage's stores.
func (s *resetting) clear(ctx context.Context) error {
	if s.target.KeepState || len(s.cfg.Stage.Stores) == 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		err := s.clearOnce(ctx)
		if gone := (*stream.OffsetOutOfRangeError)(nil); !errors.As(err, &gone) || attempt == restoreAttempts {
			return err
		}
	}
}

// clearOnce reads the changelogs up to where they end now. What was on its way there
// when nobody could write any more is taken for state, too: a tombstone too many does
// no harm.
func (s *resetting) clearOnce(ctx context.Context) (err error) {
	r := restorer{o: s.opening()}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.begin(ctx, s.cfg.System.Admin().LogEnds); err != nil {
		return err
	}
	var logs []*changelog
	for _, t := range r.tasks {
		for _, l := range t.parts {
			l.at, l.until = l.next, l.end
			if l.at < l.until {
				logs = append(logs, l)
			}
		}
	}
	g := gravedigger{resetting: s, living: make(map[stream.TopicPartition]map[string]struct{})}
	if err := r.read(ctx, logs, g.take, func(l *changelog) error { return g.read(ctx, l) }); err != nil {
		return err
	}
	return g.commit(ctx)
}

func livingSize(key string) int64 { return int64(len(key)) + livingCost }

// take takes notice of one record.
func (g *gravedigger) take(l *changelog, rec *stream.Record) error {
	if string(rec.Key) == metaKey {
		return nil
	}
	keys := g.living[l.TopicPartition]
	_, found := keys[string(rec.Key)]
	switch {
	case rec.Value == nil && found:
		delete(keys, string(rec.Key))
		g.held -= livingSize(string(rec.Key))
	case rec.Value != nil && !found:
		if keys == nil {
			keys = make(map[string]struct{})
			g.living[l.TopicPartition] = keys
		}
		keys[string(rec.Key)] = struct{}{}
		g.held += livingSize(string(rec.Key))
	}
	return nil
}

// read is called after each chunk. Keys that have to make room may get another value
// later, and then another tombstone.
func (g *gravedigger) read(ctx context.Context, l *changelog) error {
	if l.at == l.until {
		return g.bury(ctx, l.TopicPartition)
	}
	if g.held <= g.cfg.cacheBytes() {
		return nil
	}
	for _, tp := range sortedPartitions(g.living) {
		if err := g.bury(ctx, tp); err != nil {
			return err
		}
	}
	return nil
}

// bury sends tombstones for the keys of a changelog.
func (g *gravedigger) bury(ctx context.Context, tp stream.TopicPartition) error {
	for _, key := range slices.Sorted(maps.Keys(g.living[tp])) {
		r := stream.Record{Key: []byte(key), Time: g.cfg.Now().UnixMilli()}
		if err := g.logs[tp.Topic].Send(tp.Partition, &r); err != nil {
			return err
		}
		g.held -= livingSize(key)
		g.buried += livingSize(key)
		if g.buried >= min(buryBytes, g.cfg.transactionBytes()) {
			if err := g.commit(ctx); err != nil {
				return err
			}
		}
	}
	delete(g.living, tp)
	return nil
}

// commit ends the transaction. If no other comes after it, what it has removed is to
// be removed all the same.
func (g *gravedigger) commit(ctx context.Context) error {
	if g.buried == 0 {
		return nil
	}
	g.buried = 0
	_, err := g.producer.Commit(ctx, stream.GroupOffsets{})
	return err
}
