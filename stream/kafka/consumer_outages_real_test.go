//go:build real

package kafka

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Leaders move, one broker is killed and another one paused, while another client writes.
// Each record must be read once, in order.
func TestConsumer_Outages(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, countPartitions, nil)
	r := newCounter(t, openSystem(t, Options{Brokers: c.Bootstrap()}), topic)
	w := &counting{Client: franzWriter(t, c), topic: topic, calm: make(chan struct{})}
	reading, writing := make(chan error, 1), make(chan error, 1)
	go func() { reading <- r.read(t.Context(), w) }()
	go func() { writing <- w.write(t.Context()) }()
	r.goesOn(t, "in the beginning")
	for _, node := range []int32{1, 3} {
		c.MoveLeaders(t, topic, node)
		r.goesOn(t, "after leaders have moved")
	}
	c.Kill(t, 3) // it leads all
	r.goesOn(t, "with a broker that is dead")
	c.Restart(t, 3)
	c.MoveLeaders(t, topic, 2)
	r.goesOn(t, "when it is back")
	c.Pause(t, 2)
	<-time.After(1500 * time.Millisecond)
	c.Resume(t, 2)
	r.goesOn(t, "after a broker stood still")
	close(w.calm)
	linktest.Must(t, <-writing)
	linktest.Must(t, <-reading)
}

const (
	countPartitions = 6
	countPause      = 2 * time.Millisecond
)

// A counting writer writes increasing numbers to each partition.
type counting struct {
	*kgo.Client
	topic string
	calm  chan struct{} // closed when it is enough
	total atomic.Int64  // of all that was written, once that is known
}

func (w *counting) write(ctx context.Context) error {
	tick := time.NewTicker(countPause)
	defer tick.Stop()
	failed := make(chan error, 1)
	for n := int64(0); ; n++ {
		for p := range int32(countPartitions) {
			w.Produce(ctx, &kgo.Record{Topic: w.topic, Partition: p, Value: fmt.Append(nil, n)}, func(_ *kgo.Record, err error) {
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
		}
		select {
		case err := <-failed:
			return err
		case <-w.calm:
			w.total.Store((n + 1) * countPartitions)
			return w.Flush(ctx)
		case <-tick.C:
		}
	}
}

// A counter reads them.
type counter struct {
	stream.Consumer
	next  [countPartitions]int64
	total atomic.Int64 // of what was read
}

func newCounter(t *testing.T, s *System, topic string) *counter {
	t.Helper()
	c, err := s.OpenConsumer(t.Context(), stream.ConsumerConfig{})
	linktest.Must(t, err)
	t.Cleanup(func() { linktest.Must(t, c.Close()) })
	for _, tp := range linktest.TopicOf(topic, countPartitions) {
		linktest.Must(t, c.Assign(tp, 0))
	}
	return &counter{Consumer: c}
}

// read reads everything that is written.
func (r *counter) read(ctx context.Context, w *counting) error {
	tick := time.NewTicker(100 * time.Millisecond) // for the total
	defer tick.Stop()
	for all := w.total.Load(); all == 0 || r.total.Load() < all; all = w.total.Load() {
		chunks, err := r.Poll()
		if err != nil {
			return err
		}
		for _, c := range chunks {
			if err := r.check(c); err != nil {
				return err
			}
			r.Release(c.TopicPartition)
		}
		select {
		case <-r.Ready():
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w at %v", ctx.Err(), r.next)
		}
	}
	return nil
}

func (r *counter) check(c stream.Chunk) error {
	for i := range c.Records {
		n := &r.next[c.Partition]
		if rec := &c.Records[i]; rec.Offset != *n || string(rec.Value) != fmt.Sprint(*n) {
			return fmt.Errorf("%s: offset %d is %s where %d was expected", c.TopicPartition, rec.Offset, rec.Value, *n)
		}
		*n++
	}
	r.total.Add(int64(len(c.Records)))
	return nil
}

// goesOn waits until more is read.
func (r *counter) goesOn(t *testing.T, when string) {
	t.Helper()
	began, before := time.Now(), r.total.Load()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for r.total.Load() < before+100*countPartitions {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("%s: nothing was read any more", when)
		}
	}
	t.Logf("%s: %d records more after %s", when, r.total.Load()-before, time.Since(began).Round(time.Millisecond))
}
