//go:build real

package container_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A job on brokers is that of a mortal, which is never killed by its log.
type job struct {
	*mortal
	said bytes.Buffer
}

func newJob(t *testing.T, c *kafkatest.Cluster) *job {
	t.Helper()
	for topic, settings := range map[string]map[string]string{
		"in": nil, "out": nil, "app-counts-changelog": {"cleanup.policy": "compact"},
		"app-odd-changelog": {
			"cleanup.policy": "compact", "segment.ms": "50", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "100", "delete.retention.ms": "500",
		},
	} {
		c.CreateTopic(t, topic, 2, settings)
	}
	sys, err := kafka.Open(t.Context(), kafka.Options{Brokers: c.Bootstrap()})
	must(t, err)
	t.Cleanup(func() { must(t, sys.Close()) })
	j := &job{mortal: newMortal(t, 1, false)}
	j.sys = sys
	j.cfg.System, j.cfg.Now, j.cfg.Logger = sys, nil, slog.New(slog.NewTextHandler(&j.said, nil))
	j.cfg.CommitInterval = time.Millisecond
	return j
}

// process sends records, and steps until all are processed.
func (j *job) process(keys ...string) {
	j.t.Helper()
	j.sendTo(0, keys...)
	timeout, tick := time.After(time.Minute), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for j.left() > 0 {
		w, err := j.running.Step(context.Background())
		must(j.t, err)
		if w.Until.IsZero() {
			continue
		}
		select {
		case <-tick.C:
		case <-timeout:
			j.t.Fatalf("%d records aren't processed", j.left())
		}
	}
}

// left is how many records have put nothing out that can be seen.
func (j *job) left() int {
	return len(j.input[0]) - len(recordsOf(j.t, j.sys, stream.TopicPartition{Topic: "out"}))
}

// TestRestore_DiscardsDatabaseThatMissedDeletions: a database that was away while a broker
// forgot what was deleted doesn't bring it back.
func TestRestore_DiscardsDatabaseThatMissedDeletions(t *testing.T) {
	j := newJob(t, kafkatest.Start(t, kafkatest.Options{}))
	j.open()
	j.process("a", "b", "c", "d")
	j.kill()
	old := maps.Clone(j.disk.dbs)
	clear(j.disk.dbs)
	j.open()
	j.process("a", "b", "d", "d") // deletes those that have come twice
	changelog := stream.TopicPartition{Topic: "app-odd-changelog"}
	timeout := time.After(2 * time.Minute)
	for slices.ContainsFunc(recordsOf(t, j.sys, changelog), func(r stream.Record) bool { return string(r.Key) == "a" }) {
		j.process("e") // begins a segment, so that the one before is compacted
		select {
		case <-time.After(100 * time.Millisecond):
		case <-timeout:
			t.Fatal("the broker remembers for too long")
		}
	}
	j.kill()
	j.disk.dbs = old
	if j.open(); !strings.Contains(j.said.String(), "the changelog app-odd-changelog/0, which has more since, forgets deletions after 500ms") {
		t.Errorf("said:\n%s", &j.said)
	}
	j.process("a") // with the state that is right
	j.kill()
}
