//go:build real

package kafka

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// This file is how another client, franz-go, sees what we have written.

// The levels of isolation, as Java calls them.
const (
	readUncommitted = "read_uncommitted"
	readCommitted   = "read_committed"
)

// readAll reads a topic up to where its partitions end, markers among it, which
// aren't returned. The records are in the order of their partitions and offsets.
func readAll(t *testing.T, c *kafkatest.Cluster, level, topic string, ends []int64) []*kgo.Record {
	t.Helper()
	isolation := kgo.ReadUncommitted()
	if level == readCommitted {
		isolation = kgo.ReadCommitted()
	}
	from, lists := make(map[int32]kgo.Offset), make([][]*kgo.Record, len(ends))
	for i, end := range ends {
		if end > 0 {
			from[int32(i)] = kgo.NewOffset().AtStart()
		}
	}
	client := c.Franz(t, kgo.FetchIsolationLevel(isolation), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for left := len(from); left > 0; {
		fetches := client.PollFetches(ctx)
		must(t, fetches.Err())
		for _, r := range fetches.Records() {
			if !r.Attrs.IsControl() {
				lists[r.Partition] = append(lists[r.Partition], r)
			}
			if r.Offset == ends[r.Partition]-1 {
				left--
			}
		}
	}
	return slices.Concat(lists...)
}

// wantOffsets waits until a group's offsets in the first partitions of a topic are
// these; none is -1.
func wantOffsets(ctx context.Context, t *testing.T, c *kafkatest.Cluster, group, topic string, want ...int64) {
	t.Helper()
	client := kadm.NewClient(c.Franz(t))
	seen := make([]int64, len(want))
	err := retry(ctx, newFakeLink(nil), 10*time.Second, func() error {
		got, err := client.FetchOffsetsForTopics(ctx, group, topic)
		if err != nil {
			return errors.Join(unstableOffset, err)
		}
		for i := range seen {
			o, _ := got.Lookup(topic, int32(i))
			seen[i] = o.At
		}
		if !slices.Equal(seen, want) {
			return unstableOffset
		}
		return nil
	})
	if err != nil {
		t.Errorf("the offsets are %v, want %v: %v", seen, want, err)
	}
}

// inFranz is a record as the ledger has it.
func inFranz(r *kgo.Record) entry {
	e := entry{codec: batch.Codec(r.Attrs.CompressionType()), transactional: r.Attrs.IsTransactional()}
	e.JavaRecord = kafkatest.JavaRecord{Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp.UnixMilli(), Key: r.Key, Value: r.Value, Headers: []kafkatest.JavaHeader{}}
	for _, h := range r.Headers {
		e.Headers = append(e.Headers, kafkatest.JavaHeader(h))
	}
	return e
}
