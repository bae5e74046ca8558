//go:build real && unix

package program

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A Fire is a program at work on a broker, while everything happens to both that
// may: the program is killed, stands still, loses its local state, and a second
// copy of it takes over; the broker is stopped and killed. Whenever the program
// doesn't run, it is started again.
type Fire struct {
	Tally

	t      testing.TB
	c      Cluster
	path   string
	args   []string
	random *rand.Rand
	began  time.Time
	dirs   [2]string // a second copy has the other one
	away   bool      // the broker is
	lives  []*life   // the last one is the present

	input, output string
	partitions    int32
}

// Ignite starts a cluster of one broker with the topics, and returns the fire that
// a program with these arguments is to be in. The output is the topic whose
// records show that it gets on.
func Ignite(t testing.TB, path string, partitions int32, input, output string, args ...string) *Fire {
	t.Helper()
	c := StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	c.CreateTopic(t, output, partitions, nil)
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GRETE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("GRETE_SEED: %v", err)
		}
	}
	t.Logf("GRETE_SEED=%d has the same happen in the same order", seed)
	f := &Fire{
		t: t, c: c, path: path, input: input, output: output, partitions: partitions, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		args: append([]string{"-kafka", c.Address(), "-session-timeout", "6s"}, args...),
		dirs: [2]string{filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")},
	}
	t.Cleanup(f.tell)
	f.start(0)
	return f
}

// Cluster is the one that the program works on.
func (f *Fire) Cluster() Cluster { return f.c }

// Rage has everything happen in rounds, until there were enough kills. With more
// than one round the program also stands still for longer than inputs may be quiet
// before they are idle, and for longer than a transaction may be open.
func (f *Fire) Rage(kills int) {
	f.t.Helper()
	for round := 0; f.Kills < kills; round++ {
		fates := []func(){f.stop, f.stop, f.stop, f.copy, f.brokerStops, f.brokerIsKilled, f.wipe, f.wipe, f.wipe}
		for range killsPerRound - 3 {
			fates = append(fates, f.kill)
		}
		if kills > killsPerRound && round%8 == 0 {
			fates = append(fates, f.stopUntilIdle, f.stopUntilAborted)
		}
		f.random.Shuffle(len(fates), func(i, j int) { fates[i], fates[j] = fates[j], fates[i] })
		for _, fate := range fates {
			f.tend()
			if f.random.IntN(2) == 0 {
				f.getOn()
			}
			f.wait(100*time.Millisecond, 800*time.Millisecond)
			fate()
		}
	}
	f.tend()
}

// Within is the cluster's, while the program goes on.
func (f *Fire) Within(d time.Duration, passed func() bool) bool {
	f.t.Helper()
	return f.c.Within(d, func() bool {
		f.tend()
		return passed()
	})
}

// Out asks the program to end, which it must do without a failure.
func (f *Fire) Out() {
	f.t.Helper()
	f.tend()
	p := f.life()
	f.c.Await("a program that can be asked", func() bool { return p.Ended() || strings.Contains(p.Messages(), "/healthz") })
	p.Stop()
	if err := p.Wait(); err != nil {
		f.t.Errorf("it was asked to end: %v\n%s", err, p.Messages())
	}
	f.Lasted = f.since()
}

// getOn waits until there is a new result.
func (f *Fire) getOn() {
	f.t.Helper()
	began := time.Now()
	if !f.Within(patience, f.grown()) {
		f.t.Fatalf("there was no new result for %v", patience)
	}
	f.Slowest = max(f.Slowest, time.Since(began))
}

// grown tells whether there is a new result.
func (f *Fire) grown() func() bool {
	before := f.c.Ends(f.output)
	return func() bool { return f.c.Ends(f.output) > before }
}

// wait waits for a time between two others.
func (f *Fire) wait(least, most time.Duration) {
	timer := time.NewTimer(least + time.Duration(f.random.Int64N(int64(most-least))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.t.Context().Done():
	}
}

// since is how long it burns already.
func (f *Fire) since() time.Duration { return time.Since(f.began).Round(time.Millisecond) }

func (f *Fire) log(format string, args ...any) {
	f.t.Helper()
	f.t.Logf("%v: "+format, append([]any{f.since()}, args...)...)
}

// tell shows what the program has said, if the test has failed.
func (f *Fire) tell() {
	if !f.t.Failed() {
		return
	}
	for _, p := range f.lives {
		f.t.Logf("what life %d of %d has said:\n%s", p.n, f.Starts, p.Messages())
	}
}
