//go:build real

package kafkatest

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/harnesstest"
)

func TestStart_CleansUp(t *testing.T) {
	var c *Cluster
	var pid int
	started := t.Run("a cluster", func(t *testing.T) {
		begun := time.Now()
		c = Start(t, Options{})
		t.Log("ready after", time.Since(begun))
		pid = c.brokers[0].process.cmd.Process.Pid
		client := Franz(t, c.Bootstrap())
		c.CreateTopic(t, "greetings", 1, nil)
		write(t, client, "greetings", "hello")
		expect(t, client, "greetings", "hello")
	})
	if !started {
		return
	}
	if alive(pid) {
		t.Error("the broker outlived its test")
	}
	if _, err := os.Stat(c.dir); err == nil {
		t.Error("the broker's directory outlived its test")
	}
	for _, address := range append(c.Bootstrap(), c.inner...) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

// Kafka's default retention applies here as well, and soon. So a test of old records that
// passes with this broker proves something.
func TestStart_KeepsDefaultRetention(t *testing.T) {
	c := shared.Cluster(t)
	kept, lost := Name(t), Name(t)
	c.CreateTopic(t, kept, 1, map[string]string{"retention.ms": "-1"})
	c.CreateTopic(t, lost, 1, nil)
	client := c.Franz(t)
	old := time.Date(2014, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, topic := range []string{kept, lost} {
		if err := client.ProduceSync(within(t), &kgo.Record{Topic: topic, Timestamp: old}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	start := func(topic string) int64 {
		offsets, err := c.Admin().ListStartOffsets(within(t), topic)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := offsets.Lookup(topic, 0)
		return at.Offset
	}
	waitFor(t, "a record of 2014 to be deleted", func() bool { return start(lost) == 1 })
	if start(kept) != 0 {
		t.Error("a record was deleted in spite of its topic's retention")
	}
}

func TestShared_StartsOneCluster(t *testing.T) {
	first := shared.Cluster(t)
	if second := shared.Cluster(t); first != second {
		t.Error("two clusters")
	}
	if a, b := Name(t), Name(t); a == b || !strings.HasPrefix(a, "TestShared-StartsOneCluster-") {
		t.Error(a, b)
	}
}

func TestShared_NeedsTestMain(t *testing.T) {
	var s Shared
	if got := outcome(t, func(t testing.TB) { s.Cluster(t) }); got != "failed" {
		t.Error("a shared cluster without TestMain: the test", got)
	}
}

// Unreachable brokers must be reported soon.
func TestShared_ReportsUnreachableBrokers(t *testing.T) {
	t.Setenv("GRETE_TEST_KAFKA", harnesstest.Address(1))
	var s Shared
	s.Around(runner(func() int {
		if got := outcome(t, func(t testing.TB) { s.Cluster(t) }); !strings.Contains(got, "failed: reach the brokers of GRETE_TEST_KAFKA") {
			t.Error(got)
		}
		return 0
	})).Run()
}

// Tests can use a running cluster instead, but can't break it.
func TestShared_UsesRunningCluster(t *testing.T) {
	own := shared.Cluster(t)
	t.Setenv("GRETE_TEST_KAFKA", strings.Join(own.Bootstrap(), ","))
	var s Shared
	topic := Name(t)
	tests := runner(func() int {
		c := s.Cluster(t)
		if c == own || c.Bootstrap()[0] != own.Bootstrap()[0] {
			t.Error("another cluster than the running one:", c.Bootstrap())
		}
		c.CreateTopic(t, topic, 1, nil)
		write(t, c.Franz(t), topic, "a")
		if got := outcome(t, func(t testing.TB) { c.Kill(t) }); got != "failed" {
			t.Error("killing a broker of the running cluster: the test", got)
		}
		return 7
	})
	if code := s.Around(tests).Run(); code != 7 {
		t.Error("exit code", code)
	}
	expect(t, own.Franz(t), topic, "a")
}

type runner func() int

func (r runner) Run() int { return r() }
