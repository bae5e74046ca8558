//go:build real

package program

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A Feed is another client that writes to a topic until it is stopped.
type Feed struct {
	t      testing.TB
	client *kgo.Client
	cancel context.CancelFunc
	ended  chan struct{}
	n      int // values written; valid once ended
}

// feedInterval is how often a feed writes a few records.
const feedInterval = 10 * time.Millisecond

// Feed writes values to the partitions of a topic in turn, rate of them a second, until it
// is stopped. It waits for brokers that are unavailable, and writes no value twice.
func (c Cluster) Feed(topic string, partitions int32, rate int, values iter.Seq[[]byte]) *Feed {
	c.t.Helper()
	f := &Feed{t: c.t, client: c.Franz(c.t, kgo.RecordPartitioner(kgo.ManualPartitioner())), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(c.t.Context())
	f.cancel = cancel
	go func() {
		defer close(f.ended)
		f.write(ctx, topic, partitions, rate, values)
	}()
	c.t.Cleanup(func() {
		f.cancel()
		f.client.Close() // ends what waits for a broker
		<-f.ended
	})
	return f
}

func (f *Feed) write(ctx context.Context, topic string, partitions int32, rate int, values iter.Seq[[]byte]) {
	tick := time.NewTicker(feedInterval)
	defer tick.Stop()
	began, due := time.Now(), 0
	for value := range values {
		for f.n >= due {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				due = int(time.Since(began).Seconds() * float64(rate))
			}
		}
		r := &kgo.Record{Topic: topic, Partition: int32(f.n) % partitions, Value: value}
		f.client.Produce(context.WithoutCancel(ctx), r, func(_ *kgo.Record, err error) {
			if err != nil && !errors.Is(err, kgo.ErrClientClosed) {
				f.t.Errorf("feeding %s: %v", topic, err)
			}
		})
		f.n++
	}
}

// Stop ends the feed, waits until the topic has all of its values, and returns their
// number.
func (f *Feed) Stop() int {
	f.t.Helper()
	f.cancel()
	<-f.ended
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	if err := f.client.Flush(ctx); err != nil {
		f.t.Fatalf("feeding: %v", err)
	}
	return f.n
}
