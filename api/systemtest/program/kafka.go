//go:build real

package program

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// patience is how long a test waits for a busy cluster.
const patience = 2 * time.Minute

// A Cluster is a real Kafka cluster, with another client than ours to look at it.
type Cluster struct {
	*kafkatest.Cluster
	t testing.TB
}

// StartKafka starts a cluster for one test.
func StartKafka(t testing.TB, opts kafkatest.Options) Cluster {
	t.Helper()
	return Cluster{kafkatest.Start(t, opts), t}
}

// Address returns the value of the flag -kafka.
func (c Cluster) Address() string { return strings.Join(c.Bootstrap(), ",") }

// Encode returns a value as JSON. Any goroutine may call it.
func Encode(t testing.TB, value any) []byte {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Error(err)
	}
	return b
}

// EncodeAll returns values as JSON.
func EncodeAll[V any](t testing.TB, values []V) [][]byte {
	t.Helper()
	all := make([][]byte, len(values))
	for i, v := range values {
		all[i] = Encode(t, v)
	}
	return all
}

// Write appends values to the partitions of a topic in turn.
func (c Cluster) Write(topic string, partitions int32, values [][]byte) {
	c.t.Helper()
	records := make([]*kgo.Record, len(values))
	for i, v := range values {
		records[i] = &kgo.Record{Topic: topic, Partition: int32(i) % partitions, Value: v}
	}
	c.Produce(records...)
}

// Produce appends records to the partitions that they name.
func (c Cluster) Produce(records ...*kgo.Record) {
	c.t.Helper()
	client := c.Franz(c.t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := client.ProduceSync(c.t.Context(), records...).FirstErr(); err != nil {
		c.t.Fatal(err)
	}
}

// ReadAll is Read for a topic without writers: it waits until the last transaction is
// committed everywhere.
func (c Cluster) ReadAll(topic string) []*kgo.Record {
	c.t.Helper()
	c.Await("all of "+topic+" to be committed", func() bool {
		ends, err := c.Admin().ListEndOffsets(c.t.Context(), topic)
		if err != nil {
			c.t.Fatal(err)
		}
		open := false
		committed := c.CommittedEnds(topic)
		ends.Each(func(o kadm.ListedOffset) { open = open || committed[o.Partition] < o.Offset })
		return !open
	})
	return c.Read(topic)
}

// Read returns all committed records of a topic.
func (c Cluster) Read(topic string) []*kgo.Record {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	starts, err := c.Admin().ListStartOffsets(ctx, topic)
	if err != nil {
		c.t.Fatal(err)
	}
	ends, err := c.Admin().ListCommittedOffsets(ctx, topic)
	if err != nil {
		c.t.Fatal(err)
	}
	left := make(map[int32]int64)
	ends.Each(func(o kadm.ListedOffset) {
		if start, ok := starts.Lookup(topic, o.Partition); ok && o.Offset > start.Offset {
			left[o.Partition] = o.Offset
		}
	})
	client := c.Franz(c.t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords())
	var records []*kgo.Record
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			c.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return records
}

// Ends returns the sum of the end offsets of a topic's partitions.
func (c Cluster) Ends(topic string) (sum int64) {
	c.t.Helper()
	ends, err := c.Admin().ListEndOffsets(c.t.Context(), topic)
	if err != nil {
		c.t.Fatal(err)
	}
	ends.Each(func(o kadm.ListedOffset) { sum += max(o.Offset, 0) })
	return sum
}

// CommittedEnds returns, by partition, the offset after the last committed record.
func (c Cluster) CommittedEnds(topic string) map[int32]int64 {
	c.t.Helper()
	ends, err := c.Admin().ListCommittedOffsets(c.t.Context(), topic)
	if err != nil {
		c.t.Fatal(err)
	}
	parts := make(map[int32]int64)
	ends.Each(func(o kadm.ListedOffset) { parts[o.Partition] = o.Offset })
	return parts
}

// Starts returns the sum of the start offsets of a topic's partitions.
func (c Cluster) Starts(topic string) (sum int64) {
	c.t.Helper()
	starts, err := c.Admin().ListStartOffsets(c.t.Context(), topic)
	if err != nil {
		c.t.Fatal(err)
	}
	starts.Each(func(o kadm.ListedOffset) { sum += max(o.Offset, 0) })
	return sum
}

// Setting returns a setting of a topic, or the broker's default.
func (c Cluster) Setting(topic, name string) string {
	c.t.Helper()
	described, err := c.Admin().DescribeTopicConfigs(c.t.Context(), topic)
	if err != nil {
		c.t.Fatal(err)
	}
	settings, err := described.On(topic, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range settings.Configs {
		if s.Key == name {
			return s.MaybeValue()
		}
	}
	return ""
}

// Committed returns the sum of a group's offsets in a topic; 0 while the group has no
// coordinator.
func (c Cluster) Committed(group, topic string) (sum int64) {
	offsets, err := c.Admin().FetchOffsets(c.t.Context(), group)
	if err != nil {
		return 0
	}
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Topic == topic {
			sum += max(o.At, 0)
		}
	})
	return sum
}

// Await waits until a condition holds, and fails the test if it takes too long.
func (c Cluster) Await(what string, condition func() bool) {
	c.t.Helper()
	if !c.Within(patience, condition) {
		c.t.Fatalf("waited %v in vain for %s", patience, what)
	}
}

// Within waits up to d until a condition holds, and reports whether it does.
func (c Cluster) Within(d time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(d)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if <-tick.C; time.Now().After(deadline) {
			return false
		}
	}
	return true
}
