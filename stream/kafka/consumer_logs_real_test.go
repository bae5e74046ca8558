//go:build real

package kafka

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Several producers write to the same partitions while we read.
func TestConsumer_ReadsOnlyCommittedTransactions(t *testing.T) {
	const partitions, producers, steps = 3, 4, 200
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, partitions, nil)
	tail := newTail(t, s, topic, partitions)
	random := rand.New(rand.NewPCG(1, 2))
	all := []*transactor{{Client: franzWriter(t, c)}} // it has no transactions
	for i := range producers {
		id := fmt.Sprint(topic, i)
		all = append(all, &transactor{Client: franzWriter(t, c, kgo.TransactionalID(id)), id: id})
	}
	for range steps {
		p := all[random.IntN(len(all))]
		switch {
		case p.id != "" && p.open == nil:
			linktest.Must(t, p.BeginTransaction())
			p.write(t, random, topic)
		case p.id != "" && random.IntN(4) == 0:
			p.end(t, random.IntN(2) == 0)
		default:
			p.write(t, random, topic)
		}
		tail.poll()
	}
	var committed []*kgo.Record
	for _, p := range all {
		if p.id != "" && p.open != nil {
			p.end(t, true)
		}
		committed = append(append(committed, p.committed...), p.open...)
	}
	tail.until(func() bool { return len(slices.Concat(tail.got...)) >= len(committed) }) // markers come a moment after the end
	wantRecords(t, tail.toEnds(s), written(committed))
}

// A transactor writes in transactions, if it has an id.
type transactor struct {
	*kgo.Client
	id              string
	open, committed []*kgo.Record
}

// write writes to one partition.
func (p *transactor) write(t *testing.T, random *rand.Rand, topic string) {
	t.Helper()
	var list []*kgo.Record
	partition := random.Int32N(3)
	for range 1 + random.IntN(20) {
		list = append(list, &kgo.Record{Topic: topic, Partition: partition, Value: fmt.Appendf(nil, "%s/%d", p.id, random.Uint64())})
	}
	linktest.Must(t, p.ProduceSync(t.Context(), list...).FirstErr())
	p.open = append(p.open, list...)
}

func (p *transactor) end(t *testing.T, commit bool) {
	t.Helper()
	linktest.Must(t, p.EndTransaction(t.Context(), kgo.TransactionEndTry(commit)))
	if commit {
		p.committed = append(p.committed, p.open...)
	}
	p.open = nil
}

// Most records of the topic are compacted away: at the beginning of batches, in their
// middle, at their end, and some whole batches.
func TestConsumer_ReadsCompactedTopic(t *testing.T) {
	const partitions, rounds, keys = 2, 40, 100
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, partitions, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "50", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "100", "delete.retention.ms": "100",
	})
	franz := franzWriter(t, c)
	random := rand.New(rand.NewPCG(1, 2))
	total := 0
	for round := range rounds {
		var list []*kgo.Record
		for range 50 {
			key := random.IntN(1 + random.IntN(keys)) // some are much more frequent
			r := &kgo.Record{Topic: topic, Partition: random.Int32N(partitions), Key: fmt.Appendf(nil, "%d", key), Value: fmt.Appendf(nil, "%d %d", key, round)}
			if random.IntN(10) == 0 {
				r.Value = nil
			}
			list = append(list, r)
		}
		total += len(list)
		linktest.Must(t, franz.ProduceSync(t.Context(), list...).FirstErr())
		if round%10 == 9 {
			<-time.After(60 * time.Millisecond) // the next one begins a segment
		}
	}
	want := readCompacted(t, c, s, topic, partitions, total)
	for i, r := range want { // from a hole
		if before := max(i-1, 0); r.Offset > 0 && (want[before].Partition != r.Partition || want[before].Offset < r.Offset-1) {
			tail := newTail(t, s, topic, partitions)
			linktest.Must(t, tail.Assign(linktest.At(topic, r.Partition), r.Offset-1))
			tail.until(func() bool { return len(tail.got[r.Partition]) > 0 })
			wantRecords(t, tail.got[r.Partition][:1], want[i:i+1])
			return
		}
	}
	t.Error("there is no hole")
}

// readCompacted waits until less than half of the records of a topic is left. It compares
// what we read with what franz-go reads before and after.
func readCompacted(t *testing.T, c *kafkatest.Cluster, s *System, topic string, partitions int32, total int) []kafkatest.JavaRecord {
	t.Helper()
	ends, err := s.Admin().Ends(t.Context(), linktest.TopicOf(topic, partitions)...)
	linktest.Must(t, err)
	timeout, tick := time.After(30*time.Second), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		before := written(c.ReadAll(t, kafkatest.ReadCommitted, topic, ends))
		if len(before) < total/2 {
			got := newTail(t, s, topic, partitions).toEnds(s)
			after := written(c.ReadAll(t, kafkatest.ReadCommitted, topic, ends))
			if reflect.DeepEqual(before, after) {
				wantRecords(t, got, before)
				return got
			}
		}
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("%d of %d records are left", len(before), total)
		}
	}
}
