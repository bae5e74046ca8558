//go:build real

package produce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Leaders move, a broker is killed and restarted, and another one is paused. No committed
// record is lost, repeated or out of order, and both producers go on in between.
func TestProducer_Outages(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	transactional := newFlood(t, c, stream.ProducerConfig{ID: kafkatest.Name(t)})
	once := newFlood(t, c, stream.ProducerConfig{AtLeastOnce: true})
	floods := []*floodProducer{transactional, once}
	calm := make(chan struct{})
	for _, f := range floods {
		go func() { f.failed <- f.write(calm) }()
	}
	goOn := func(when string) {
		t.Helper()
		for _, f := range floods {
			f.waitCommits(2, when) // one of them began just now
		}
	}
	c.MoveLeaders(t, transactional.topic, 1)
	goOn("after leaders have moved")
	c.Kill(t, 1)
	goOn("with a broker that is dead")
	c.Restart(t, 1)
	c.MoveLeaders(t, once.topic, 2)
	c.MoveLeaders(t, transactional.topic, 3)
	goOn("when it is back")
	c.Pause(t, 2)
	<-time.After(2 * time.Second)
	c.Resume(t, 2)
	goOn("after a broker stood still")
	close(calm)
	for _, f := range floods {
		linktest.Must(t, <-f.failed)
		f.check()
	}
}

const (
	floodRecords    = 100_000
	floodPartitions = 6
	floodBurst      = 400 // records of each partition in a transaction
	floodPause      = 200 * time.Millisecond
)

// A floodProducer writes continuously. Its records count up in each partition.
type floodProducer struct {
	*testing.T
	cluster  *kafkatest.Cluster
	producer *Producer
	topic    string
	group    string
	commits  atomic.Int64
	failed   chan error // what became of write

	// Belongs to write, and after failed to its receiver:
	next int64                  // in every partition
	ends [floodPartitions]int64 // as the last commit told
}

func newFlood(t *testing.T, c *kafkatest.Cluster, cfg stream.ProducerConfig) *floodProducer {
	f := &floodProducer{T: t, cluster: c, topic: kafkatest.Name(t), group: kafkatest.Name(t), failed: make(chan error, 1)}
	// Small batches, so that a transaction has several of each partition.
	c.CreateTopic(t, f.topic, floodPartitions, map[string]string{"min.insync.replicas": "2", cluster.MaxMessageBytes: "20000"})
	p, err := openClient(t, c.Bootstrap(), batch.None).OpenProducer(t.Context(), cfg)
	linktest.Must(t, err)
	t.Cleanup(func() { linktest.Must(t, p.Close()) })
	f.producer = p.(*Producer)
	return f
}

// write commits one transaction after another: slowly until calm is closed, then as fast
// as possible until there are enough records.
func (f *floodProducer) write(calm <-chan struct{}) error {
	w, err := f.producer.Writer(f.topic)
	if err != nil {
		return err
	}
	pace := time.NewTicker(floodPause)
	defer pace.Stop()
	for {
		n := f.commits.Load()
		if n%5 == 4 && f.producer.transactional() {
			if err := f.abort(w); err != nil {
				return fmt.Errorf("abort before transaction %d: %w", n, err)
			}
		}
		if err := f.commit(w, n); err != nil {
			return fmt.Errorf("transaction %d: %w", n, err)
		}
		f.commits.Add(1)
		select {
		case <-f.Context().Done():
			return f.Context().Err()
		case <-calm:
			if f.next*floodPartitions >= floodRecords {
				return nil
			}
		case <-pace.C:
		}
	}
}

// send writes records of 100 bytes to all partitions.
func (f *floodProducer) send(w stream.Writer, prefix string) error {
	r := stream.Record{Value: make([]byte, 0, 100), Time: time.Now().UnixMilli()}
	for i := range int64(floodBurst) {
		r.Value = fmt.Appendf(r.Value[:0], "%s%0100d", prefix, f.next+i)
		for p := range int32(floodPartitions) {
			if err := w.Send(p, &r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *floodProducer) commit(w stream.Writer, n int64) error {
	if err := f.send(w, ""); err != nil {
		return err
	}
	f.next += floodBurst
	ends, err := f.producer.Commit(f.Context(), stream.GroupOffsets{Group: f.group, Positions: []stream.Position{{TopicPartition: linktest.At(f.topic, 0), Offset: n}}})
	for _, end := range ends {
		f.ends[end.Partition] = end.Offset
	}
	return err
}

// aborted is what aborted records begin with.
const aborted = "aborted "

func (f *floodProducer) abort(w stream.Writer) error {
	return errors.Join(f.send(w, aborted), f.producer.Flush(f.Context()), f.producer.Abort(f.Context()))
}

// waitCommits waits for so many more committed transactions.
func (f *floodProducer) waitCommits(more int64, when string) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for before := f.commits.Load(); f.commits.Load() < before+more; {
		select {
		case err := <-f.failed:
			f.Fatalf("%s: %v", when, err)
		case <-ctx.Done():
			f.Fatalf("%s: %d transactions were committed, and then no more", when, f.commits.Load())
		case <-tick.C:
		}
	}
}

// check reads everything by another client.
func (f *floodProducer) check() {
	f.Helper()
	level, ends := kafkatest.ReadUncommitted, f.ends[:]
	if f.producer.transactional() {
		level = kafkatest.ReadCommitted
		for i := range ends {
			ends[i]++ // by the marker
		}
	}
	var next [floodPartitions]int64
	all := f.cluster.ReadAll(f.T, level, f.topic, ends)
	for _, r := range all {
		if want := fmt.Sprintf("%0100d", next[r.Partition]); string(r.Value) != want {
			f.Errorf("partition %d, offset %d: it is %s, want %d", r.Partition, r.Offset, strings.TrimLeft(string(r.Value), "0"), next[r.Partition])
			break
		}
		next[r.Partition]++
	}
	if want := f.next * floodPartitions; int64(len(all)) != want || want < floodRecords {
		f.Errorf("%d records were read, and %d committed", len(all), want)
	}
	wantOffsets(kadm.RequireStable(f.Context()), f.T, f.cluster, f.group, f.topic, f.commits.Load()-1)
	f.Logf("%d transactions, %d records", f.commits.Load(), len(all))
}
