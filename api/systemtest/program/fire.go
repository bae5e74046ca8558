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

// A Fire injects faults into a program and its broker, in random order. The program is
// killed, is paused, loses its local state, and is taken over from by a second process; the
// broker is stopped and killed. Whenever the program doesn't run, it is started again.
type Fire struct {
	Counts

	t      testing.TB
	c      Cluster
	path   string
	args   []string
	random *rand.Rand
	began  time.Time
	dirs   [2]string // a second process has the other one

	brokerDown bool
	lifetimes  []*lifetime // the last one is the current one

	input, output string
	partitions    int32
}

// StartFire starts a broker with the two topics, and the program with these arguments. The
// faults begin with Inject. New records of the output show that the program makes progress.
func StartFire(t testing.TB, path string, partitions int32, input, output string, args ...string) *Fire {
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
	t.Logf("GRETE_SEED=%d injects the same faults in the same order", seed)
	f := &Fire{
		t: t, c: c, path: path, input: input, output: output, partitions: partitions, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		args: append([]string{"-kafka", c.Address(), "-session-timeout", "6s"}, args...),
		dirs: [2]string{filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")},
	}
	t.Cleanup(f.report)
	f.start(0)
	return f
}

// Cluster returns the broker.
func (f *Fire) Cluster() Cluster { return f.c }

// Inject injects the faults in rounds, until there were enough kills. With more than one
// round the program is also paused until its inputs are idle, and until the broker aborts
// its transaction.
func (f *Fire) Inject(kills int) {
	f.t.Helper()
	for round := 0; f.Kills < kills; round++ {
		faults := []func(){f.pause, f.pause, f.pause, f.startCopy, f.stopBroker, f.killBroker, f.wipe, f.wipe, f.wipe}
		for range killsPerRound - 3 {
			faults = append(faults, f.kill)
		}
		if kills > killsPerRound && round%8 == 0 {
			faults = append(faults, f.pauseUntilIdle, f.pauseUntilAborted)
		}
		f.random.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		for _, inject := range faults {
			f.keepRunning()
			if f.random.IntN(2) == 0 {
				f.awaitProgress()
			}
			f.wait(100*time.Millisecond, 800*time.Millisecond)
			inject()
		}
	}
	f.keepRunning()
}

// Within is Cluster.Within, and keeps the program running meanwhile.
func (f *Fire) Within(d time.Duration, passed func() bool) bool {
	f.t.Helper()
	return f.c.Within(d, func() bool {
		f.keepRunning()
		return passed()
	})
}

// stopProgram asks the program to stop, which it must do without a failure.
func (f *Fire) stopProgram() {
	f.t.Helper()
	f.keepRunning()
	p := f.current()
	f.c.Await("the program's HTTP API", func() bool { return p.Ended() || strings.Contains(p.Messages(), "/healthz") })
	p.Stop()
	if err := p.Wait(); err != nil {
		f.t.Errorf("the program failed while it was stopping: %v\n%s", err, p.Messages())
	}
	f.Lasted = f.elapsed()
}

// awaitProgress waits for a new result.
func (f *Fire) awaitProgress() {
	f.t.Helper()
	began := time.Now()
	if !f.Within(patience, f.progress()) {
		f.t.Fatalf("there was no new result for %v", patience)
	}
	f.Slowest = max(f.Slowest, time.Since(began))
}

// progress returns a function that reports whether there are new results since now.
func (f *Fire) progress() func() bool {
	before := f.c.Ends(f.output)
	return func() bool { return f.c.Ends(f.output) > before }
}

// wait waits for a random time within these bounds.
func (f *Fire) wait(least, most time.Duration) {
	timer := time.NewTimer(least + time.Duration(f.random.Int64N(int64(most-least))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.t.Context().Done():
	}
}

// elapsed returns the time since the first start.
func (f *Fire) elapsed() time.Duration { return time.Since(f.began).Round(time.Millisecond) }

func (f *Fire) log(format string, args ...any) {
	f.t.Helper()
	f.t.Logf("%v: "+format, append([]any{f.elapsed()}, args...)...)
}

// report shows the program's messages if the test has failed.
func (f *Fire) report() {
	if !f.t.Failed() {
		return
	}
	for _, p := range f.lifetimes {
		f.t.Logf("messages of lifetime %d of %d:\n%s", p.n, f.Starts, p.Messages())
	}
}
