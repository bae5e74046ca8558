package kafkatest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Isolation levels, by the names of the Java client.
const (
	ReadUncommitted = "read_uncommitted"
	ReadCommitted   = "read_committed"
)

// ReadAll reads a topic with franz-go up to the ends of its partitions, which may be
// offsets of transaction markers. It returns the records in the order of partitions and
// offsets.
func (c *Cluster) ReadAll(t *testing.T, level, topic string, ends []int64) []*kgo.Record {
	t.Helper()
	isolation := kgo.ReadUncommitted()
	if level == ReadCommitted {
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
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
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
