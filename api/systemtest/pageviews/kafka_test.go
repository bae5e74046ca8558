//go:build real

package pageviews

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The program as its user runs it on a real broker: without an end, over what
// another client writes meanwhile.
func TestOnKafka(t *testing.T) {
	path := program.Build(t, "pageviews")
	for _, partitions := range []int32{1, 4, 8} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) { countsRightOnKafka(t, path, partitions) })
	}
	t.Run("survives kills", func(t *testing.T) { survivesKills(t, path) })
	t.Run("misses nothing at least once", func(t *testing.T) { missesNothing(t, path) })
	t.Run("stops at once", func(t *testing.T) { stopsAtOnce(t, path) })
}

// Stopped as one does and started again, it has every window once, and right.
func countsRightOnKafka(t *testing.T, path string, partitions int32) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	all := views(40_000)
	first, second := all[:len(all)/2], all[len(all)/2:]
	c.Write(input, partitions, program.AllEncoded(t, first))
	args := []string{"-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-containers", "2", "-commit-interval", "50ms"}
	p := program.Start(t, path, args...)
	read := func(n int) func() bool {
		return func() bool { return p.Ended() || c.Committed("pageviews-"+input, input) >= int64(n) }
	}
	c.Await("the first views to be read", read(len(first)/4))
	c.Write(input, partitions, program.AllEncoded(t, second))
	c.Await("all views to be read", read(len(all)))
	p.Stop()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.Messages())
	}
	program.Run(t, path, append(args, "-once")...) // which closes the last windows
	got := results(t, c.ReadAll(output))
	for w, n := range count(all) {
		if !slices.Equal(got[w], []int64{n}) {
			t.Errorf("%v: got %v, want %d", w, got[w], n)
		}
		delete(got, w)
	}
	if len(got) > 0 {
		t.Errorf("these have no views: %v", slices.Collect(maps.Keys(got)))
	}
}

// Killed while views come in, and started again, it has every window once, and
// right: for readers of what is committed, as other clients can be, too.
func survivesKills(t *testing.T, path string) {
	got, want := resultsAfterKills(t, path, 6)
	for w, n := range want {
		if !slices.Equal(got[w], []int64{n}) {
			t.Errorf("%v: got %v, want %d", w, got[w], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("there are results of %d windows, and there should be of %d", len(got), len(want))
	}
}

// At least once it has missed none.
func missesNothing(t *testing.T, path string) {
	got, want := resultsAfterKills(t, path, 2, "-at-least-once")
	for w, n := range want {
		if len(got[w]) == 0 || slices.Max(got[w]) < n {
			t.Errorf("%v: got %v, want %d at least", w, got[w], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("there are results of %d windows, and there should be of %d", len(got), len(want))
	}
}

// resultsAfterKills are those of a program that was killed while it had work to do,
// and of a model. What was read when it was killed differs from kill to kill.
func resultsAfterKills(t *testing.T, path string, kills int, args ...string) (got map[window][]int64, want map[window]int64) {
	t.Helper()
	const partitions = 4
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	all := views(20_000 * kills)
	args = append(args, "-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-commit-interval", "20ms", "-partitions", "3")
	for some := range slices.Chunk(all, len(all)/kills) {
		p := program.Start(t, path, args...)
		before := c.Committed("pageviews-"+input, input)
		c.Write(input, partitions, program.AllEncoded(t, some))
		c.Await("views to be read", func() bool { return p.Ended() || c.Committed("pageviews-"+input, input) > before })
		p.Kill()
		if p.Wait() == nil {
			t.Fatalf("the program had ended before it was killed\n%s", p.Messages())
		}
	}
	program.Run(t, path, append(args, "-once")...)
	return results(t, c.ReadAll(output)), count(all)
}

// Who asks a second time doesn't wait for a commit that can't be made: the first
// time it would be waited for, as long as the brokers may be back.
func stopsAtOnce(t *testing.T, path string) {
	c := program.StartKafka(t, kafkatest.Options{Proxied: true})
	c.CreateTopic(t, input, 1, nil)
	p := program.Start(t, path, "-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-commit-interval", "1h")
	c.Write(input, 1, program.AllEncoded(t, views(20_000)))
	c.Await("views to be sent on", func() bool { return p.Ended() || c.Ends("pageviews-by-user") > 1000 })
	c.Proxy(t, 1).Stall()
	began := time.Now()
	c.Await("the end", func() bool { p.Stop(); return p.Ended() })
	if waited := time.Since(began); p.Wait() == nil || waited > 20*time.Second {
		t.Errorf("it ended after %v: %v", waited, p.Wait())
	}
	if said := p.Messages(); !strings.Contains(said, "pageviews: asked twice to stop: ended without a commit") {
		t.Errorf("it says:\n%s", said)
	}
}
