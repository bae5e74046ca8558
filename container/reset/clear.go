package reset

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

const (
	// clearAttempts is how often to try in all if changelogs lose records while they are
	// read.
	clearAttempts = 5
	// keyCost is what a key costs besides its bytes.
	keyCost = 64
	// maxTransaction bounds a transaction of tombstones, so that it ends soon.
	maxTransaction = 1 << 20
)

// clear empties the stage's stores.
func (s *stageReset) clear(ctx context.Context) error {
	if s.target.KeepState || len(s.stage.Stores) == 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		err := s.clearOnce(ctx)
		if gone := (*stream.OffsetOutOfRangeError)(nil); !errors.As(err, &gone) || attempt == clearAttempts {
			return err
		}
	}
}

// clearOnce reads the changelogs up to where they end now. Uncommitted records are taken
// for state, too: a tombstone too many does no harm.
func (s *stageReset) clearOnce(ctx context.Context) error {
	c := clearer{stageReset: s, keys: make(map[stream.TopicPartition]map[string]struct{})}
	err := recovery.ReadChangelogs(ctx, s.recovery(), c.note, func(tp stream.TopicPartition, last bool) error {
		return c.afterChunk(ctx, tp, last)
	})
	if err != nil {
		return err
	}
	return c.commit(ctx)
}

// A clearer writes tombstones, in the changelogs that it reads, for all keys that have a
// value.
type clearer struct {
	*stageReset
	keys map[stream.TopicPartition]map[string]struct{} // with a value
	held int64                                         // bytes of keys
	sent int64                                         // bytes in the open transaction
}

func sizeOf(key string) int64 { return int64(len(key)) + keyCost }

// note notes one record.
func (c *clearer) note(tp stream.TopicPartition, rec *stream.Record) error {
	if meta.IsKey(rec.Key) {
		return nil
	}
	keys := c.keys[tp]
	_, found := keys[string(rec.Key)]
	switch {
	case rec.Value == nil && found:
		delete(keys, string(rec.Key))
		c.held -= sizeOf(string(rec.Key))
	case rec.Value != nil && !found:
		if keys == nil {
			keys = make(map[string]struct{})
			c.keys[tp] = keys
		}
		keys[string(rec.Key)] = struct{}{}
		c.held += sizeOf(string(rec.Key))
	}
	return nil
}

// afterChunk writes the tombstones of a changelog that was read, or of all if the keys need
// too much memory. Keys that were dropped for that may get another value later, and then
// another tombstone.
func (c *clearer) afterChunk(ctx context.Context, tp stream.TopicPartition, last bool) error {
	if last {
		return c.sendTombstones(ctx, tp)
	}
	if c.held <= c.cfg.Memory.Cache() {
		return nil
	}
	for _, tp := range sortedPartitions(c.keys) {
		if err := c.sendTombstones(ctx, tp); err != nil {
			return err
		}
	}
	return nil
}

// sendTombstones sends tombstones for the keys of a changelog.
func (c *clearer) sendTombstones(ctx context.Context, tp stream.TopicPartition) error {
	for _, key := range slices.Sorted(maps.Keys(c.keys[tp])) {
		r := stream.Record{Key: []byte(key), Time: c.cfg.Now().UnixMilli()}
		if err := c.logs[tp.Topic].Send(tp.Partition, &r); err != nil {
			return err
		}
		c.held -= sizeOf(key)
		c.sent += sizeOf(key)
		if c.sent >= min(maxTransaction, c.cfg.Memory.Transaction()) {
			if err := c.commit(ctx); err != nil {
				return err
			}
		}
	}
	delete(c.keys, tp)
	return nil
}

// commit ends the transaction. Its tombstones are right even if no other transaction
// follows.
func (c *clearer) commit(ctx context.Context) error {
	if c.sent == 0 {
		return nil
	}
	c.sent = 0
	_, err := c.producer.Commit(ctx, stream.GroupOffsets{})
	return err
}
