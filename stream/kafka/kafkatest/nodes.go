package kafkatest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Stop stops brokers regularly: they hand over their leaderships first. The ids are 1, 2,
// …; none means all.
func (c *Cluster) Stop(t testing.TB, ids ...int32) {
	t.Helper()
	var all sync.WaitGroup
	for _, b := range c.running(t, ids) {
		all.Go(func() {
			if b.process.stop() {
				t.Errorf("broker %d had to be killed, as it didn't stop within %v; the end of its log:\n%s", b.id, stopTimeout, b.lastWords())
			}
			b.process = nil
		})
	}
	all.Wait()
}

// Kill kills brokers with SIGKILL.
func (c *Cluster) Kill(t testing.TB, ids ...int32) {
	t.Helper()
	for _, b := range c.running(t, ids) {
		b.process.kill()
		b.process = nil
	}
}

// Restart starts brokers that were stopped or killed, with their ports and data, and waits
// until they are ready.
func (c *Cluster) Restart(t testing.TB, ids ...int32) {
	t.Helper()
	brokers := c.nodes(t, ids)
	for _, b := range brokers {
		if b.process != nil {
			t.Fatalf("broker %d runs: stop or kill it first", b.id)
		}
	}
	// Not the test's context: a cleanup may do this.
	if err := c.startBrokers(context.WithoutCancel(t.Context()), brokers); err != nil {
		t.Fatal(err)
	}
}

// Pause suspends brokers: their connections stay, and nothing is answered.
func (c *Cluster) Pause(t testing.TB, ids ...int32) {
	t.Helper()
	for _, b := range c.running(t, ids) {
		if err := harnesstest.Suspend(b.process.cmd.Process); err != nil {
			t.Fatalf("pause broker %d: %v", b.id, err)
		}
		b.paused = true
	}
}

// Resume ends a Pause.
func (c *Cluster) Resume(t testing.TB, ids ...int32) {
	t.Helper()
	for _, b := range c.running(t, ids) {
		if err := resume(b.process.cmd.Process); err != nil {
			t.Fatalf("resume broker %d: %v", b.id, err)
		}
		b.paused = false
	}
}

// nodes returns the brokers of these ids, or all of them.
func (c *Cluster) nodes(t testing.TB, ids []int32) []*broker {
	t.Helper()
	if len(c.brokers) == 0 {
		t.Fatal("kafkatest: the brokers of GRETE_TEST_KAFKA aren't ours to stop; a test that does so needs Start")
	}
	if len(ids) == 0 {
		return slices.Clone(c.brokers)
	}
	var list []*broker
	for _, id := range ids {
		if id < 1 || int(id) > len(c.brokers) {
			t.Fatalf("kafkatest: no broker has the id %d: they are 1 to %d", id, len(c.brokers))
		}
		list = append(list, c.brokers[id-1])
	}
	return list
}

// running is nodes, but each must run. If all are meant, those that don't run are left
// out.
func (c *Cluster) running(t testing.TB, ids []int32) []*broker {
	t.Helper()
	var list []*broker
	for _, b := range c.nodes(t, ids) {
		if b.process != nil {
			list = append(list, b)
		} else if len(ids) > 0 {
			t.Fatalf("broker %d doesn't run", b.id)
		}
	}
	return list
}
