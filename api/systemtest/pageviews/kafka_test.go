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

// The program runs without an end, while another client writes its input.
func TestOnKafka_CountsEachWindowOnce(t *testing.T) {
	path := program.Build(t, "pageviews")
	for _, partitions := range []int32{1, 4, 8} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) { testRestart(t, path, partitions) })
	}
	t.Run("killed", func(t *testing.T) { testKills(t, path) })
	t.Run("killed, at least once", func(t *testing.T) { testKillsAtLeastOnce(t, path) })
	t.Run("second signal exits at once", func(t *testing.T) { testSecondSignal(t, path) })
}

// The program is stopped and started again.
func testRestart(t *testing.T, path string, partitions int32) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	all := views(40_000)
	first, second := all[:len(all)/2], all[len(all)/2:]
	c.Write(input, partitions, program.EncodeAll(t, first))
	args := []string{"-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-containers", "2", "-commit-interval", "50ms"}
	p := program.Start(t, path, args...)
	read := func(n int) func() bool {
		return func() bool { return p.Ended() || c.Committed("pageviews-"+input, input) >= int64(n) }
	}
	c.Await("the first views to be read", read(len(first)/4))
	c.Write(input, partitions, program.EncodeAll(t, second))
	c.Await("all views to be read", read(len(all)))
	p.Stop()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.Messages())
	}
	program.Run(t, path, append(args, "-once")...) // closes the last windows
	got := results(t, c.ReadAll(output))
	for w, n := range count(all) {
		if !slices.Equal(got[w], []int64{n}) {
			t.Errorf("%v: got %v, want %d", w, got[w], n)
		}
		delete(got, w)
	}
	if len(got) > 0 {
		t.Errorf("these windows have no views: %v", slices.Collect(maps.Keys(got)))
	}
}

// The program is killed under load, and started again. Other clients that read committed
// records see each window once.
func testKills(t *testing.T, path string) {
	got, want := resultsAfterKills(t, path, 6)
	for w, n := range want {
		if !slices.Equal(got[w], []int64{n}) {
			t.Errorf("%v: got %v, want %d", w, got[w], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got results of %d windows, want %d", len(got), len(want))
	}
}

// With at-least-once, views may be counted twice, but none is missed.
func testKillsAtLeastOnce(t *testing.T, path string) {
	got, want := resultsAfterKills(t, path, 2, "-at-least-once")
	for w, n := range want {
		if len(got[w]) == 0 || slices.Max(got[w]) < n {
			t.Errorf("%v: got %v, want %d at least", w, got[w], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got results of %d windows, want %d", len(got), len(want))
	}
}

// resultsAfterKills returns the results of a program that was killed while it had work to
// do, and those of a model. How much was read before a kill differs from kill to kill.
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
		c.Write(input, partitions, program.EncodeAll(t, some))
		c.Await("views to be read", func() bool { return p.Ended() || c.Committed("pageviews-"+input, input) > before })
		p.Kill()
		if p.Wait() == nil {
			t.Fatalf("the program had ended before it was killed\n%s", p.Messages())
		}
	}
	program.Run(t, path, append(args, "-once")...)
	return results(t, c.ReadAll(output)), count(all)
}

// After the first signal, the program waits for the brokers in order to commit. A second
// signal exits at once, without committing.
func testSecondSignal(t *testing.T, path string) {
	c := program.StartKafka(t, kafkatest.Options{Proxied: true})
	c.CreateTopic(t, input, 1, nil)
	p := program.Start(t, path, "-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-commit-interval", "1h")
	c.Write(input, 1, program.EncodeAll(t, views(20_000)))
	c.Await("views to be repartitioned", func() bool { return p.Ended() || c.Ends("pageviews-by-user") > 1000 })
	c.Proxy(t, 1).Stall()
	began := time.Now()
	c.Await("the program to end", func() bool { p.Stop(); return p.Ended() })
	if waited := time.Since(began); p.Wait() == nil || waited > 20*time.Second {
		t.Errorf("it ended after %v with %v", waited, p.Wait())
	}
	if said := p.Messages(); !strings.Contains(said, "pageviews: stopped at once; uncommitted work") {
		t.Errorf("its messages are:\n%s", said)
	}
}
