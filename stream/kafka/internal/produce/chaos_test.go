package produce

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// With all kinds of faults, more frequent than on any network, committed records are in
// the log once and in order, aborted ones are not, and the offsets of the group agree.
func TestProducer_RandomFaults(t *testing.T) {
	for seed := range uint64(12) {
		for _, atLeastOnce := range []bool{false, true} {
			t.Run(fmt.Sprintf("seed %d, at least once %v", seed, atLeastOnce), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { newChaos(t, seed, atLeastOnce).run() })
			})
		}
	}
}

type chaos struct {
	*testProducer
	brokers *fakeBrokers
	random  *rand.Rand // of the test's goroutine
	faults  *rand.Rand // guarded by the brokers' lock
	often   float64
	offset  int64
}

func newChaos(t *testing.T, seed uint64, atLeastOnce bool) *chaos {
	c := &chaos{brokers: newFakeBrokers(t, 3, 5), random: rand.New(rand.NewPCG(seed, 1)), faults: rand.New(rand.NewPCG(seed, 2))}
	c.often = []float64{0.05, 0.3, 0.6}[seed%3]
	c.brokers.settings[cluster.MaxMessageBytes] = "8000" // so that there are many batches
	codec := []batch.Codec{batch.None, batch.LZ4}[seed%2]
	c.testProducer = newTestProducer(t, c.brokers.newClient(settings{Codec: codec, Patience: time.Hour}), stream.ProducerConfig{ID: "id", AtLeastOnce: atLeastOnce})
	c.brokers.fault = c.fault
	return c
}

func (c *chaos) fault(_ int32, req protocol.Message) fault {
	for i := range int32(5) {
		switch log := c.brokers.logs[partOf(i)]; {
		case log.leader == cluster.NoLeader:
			c.brokers.move(i, c.faults.Int32N(3))
		case c.faults.IntN(100) == 0:
			c.brokers.move(i, c.faults.Int32N(4)-1)
		}
	}
	switch req.(type) {
	case *metadata.Request, *describeconfigs.Request, *findcoordinator.Request:
		return fault{after: c.within(time.Second)}
	}
	if c.faults.Float64() > c.often {
		return fault{after: c.within(10 * time.Millisecond)}
	}
	return []fault{
		{reset: true}, {reset: true, lost: true}, {hang: true}, {hang: true, lost: true},
		{reset: true, lost: true, late: c.within(time.Second)}, {reset: true, lost: true, late: c.within(time.Minute)},
		{code: kerr.CoordinatorLoading}, {code: kerr.ConcurrentTxns}, {code: kerr.NotCoordinator}, {after: c.within(time.Second)},
	}[c.faults.IntN(10)]
}

func (c *chaos) within(d time.Duration) time.Duration {
	return time.Duration(c.faults.Int64N(int64(d))) + 1
}

func (c *chaos) run() {
	for range 15 {
		before := make(map[int32]int)
		for i, values := range c.values {
			before[i] = len(values)
		}
		for range c.random.IntN(4) {
			c.send(c.random.IntN(60), c.random.IntN(400))
			switch c.random.IntN(5) {
			case 0:
				if err := c.Flush(c.t.Context()); err != nil {
					c.t.Fatal(err)
				}
			case 1:
				_ = wait(c.t.Context(), time.Duration(c.random.Int64N(int64(time.Second))))
			}
		}
		if c.random.IntN(4) == 0 {
			c.abort(before)
		} else {
			c.commit()
		}
		c.check(c.brokers)
		c.brokers.mu.Lock()
		at := c.brokers.groups["g"][partOf(0)]
		c.brokers.mu.Unlock()
		if at != c.offset && c.transactional() { // a request that is late sets it back otherwise
			c.t.Fatalf("the group is at %d, want %d", at, c.offset)
		}
	}
}

func (c *chaos) commit() {
	c.offset++
	_, err := c.Commit(c.t.Context(), stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: c.offset}}})
	if err != nil {
		c.t.Fatal(err)
	}
}

// abort takes back what was sent since before; at least once, what was delivered stays.
func (c *chaos) abort(before map[int32]int) {
	if err := c.Abort(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	for i, values := range c.values {
		kept := before[i]
		if !c.transactional() {
			kept = max(len(c.brokers.values(i)), before[i])
		}
		c.values[i] = values[:min(kept, len(values))]
	}
}
