//go:build real

package commands_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Of two processes of one name the newer one goes on, with exact results. The older one
// ends, and doesn't come back while the other runs, as it would replace that one in turn.
func TestInstance_NewerReplacesOlder(t *testing.T) {
	t.Parallel()
	d := &drained{pair{t, oneBroker.Cluster(t), strings.ToLower(kafkatest.Name(t))}, make(map[string]int)}
	for _, topic := range []string{"words", "counts"} {
		d.cluster.CreateTopic(t, d.topic(topic), 4, nil)
	}
	dir := t.TempDir()
	older, newer := filepath.Join(dir, "older"), filepath.Join(dir, "newer")
	stopLoad := d.load()
	first := d.run(older, "-instance", "east")
	d.total(1000)
	if m := d.status().Stages[0].Members; len(m) != 1 || m[0].Instance != "east-0" {
		t.Errorf("the members are %+v", m)
	}
	ctx, stopSecond := context.WithCancel(t.Context())
	second := d.runUntil(ctx, newer, "-instance", "east")
	if r := (<-first).Failed(t, "stage ", "instance east-0 of this process, on ", "was replaced by a process on ", "-instance of its own"); r.Code != 1 {
		t.Errorf("exit %d", r.Code)
	}
	for range 2 {
		(<-d.run(older, "-instance", "east")).Failed(t, "instance east runs on ", "where it replaced this process at ")
	}
	d.total(3000)
	select {
	case r := <-second:
		t.Fatalf("the newer process has ended by %d:\n%s", r.Code, r.Err)
	default:
	}
	stopSecond()
	(<-second).Succeeded(t)
	ctx, stopThird := context.WithCancel(t.Context())
	third := d.runUntil(ctx, older, "-instance", "east")
	d.total(4000)
	stopLoad()
	for word, n := range d.total(totalOf(d.sent)) {
		if n != d.sent[word] {
			t.Errorf("%s came %d times, and was counted %d times", word, d.sent[word], n)
		}
	}
	stopThird()
	(<-third).Succeeded(t)
}
