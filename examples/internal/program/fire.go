//go:build real && unix

package program

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	output string
	random *rand.Rand
	began  time.Time
	dirs   [2]string // a second copy has the other one
	away   bool      // the broker is
	lives  []*life   // the last one is the present
}

// A Tally is what has happened.
type Tally struct {
	Kills, Wipes             int // a wipe is a kill, too
	Stops, LongStops, Copies int
	BrokerStops, BrokerKills int
	Starts, GaveWay          int
	Refused                  int           // starts that failed, as the broker was away
	Gone                     int           // ends before a first commit that took longer than a transaction may
	Slowest                  time.Duration // until there was a new result
	Lasted                   time.Duration // from the first start to the end
}

// A life is the program from a start to its end.
type life struct {
	*Process
	n     int // from 1 on
	dir   int
	rival bool // there was another copy meanwhile
	away  bool // the broker was away meanwhile
	still bool // it stood still for longer than the broker keeps a transaction open
}

// killsPerRound is how many kills there are in a round of fates.
const killsPerRound = 15

// Kills is how many there are to be: GRETE_KILLS, or those of one round.
func Kills(t testing.TB) int {
	t.Helper()
	text := os.Getenv("GRETE_KILLS")
	if text == "" {
		return killsPerRound
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("GRETE_KILLS: %v", err)
	}
	return n
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
		t: t, c: c, path: path, output: output, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		args: append([]string{"-kafka", c.Address()}, args...),
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

func (f *Fire) life() *life { return f.lives[len(f.lives)-1] }

func (f *Fire) start(dir int) {
	f.t.Helper()
	f.Starts++
	p := Start(f.t, f.path, append(slices.Clone(f.args), "-data", f.dirs[dir])...)
	f.lives = append(f.lives, &life{Process: p, n: f.Starts, dir: dir, away: f.away})
	f.log("life %d starts", f.Starts)
}

// tend starts the program if it doesn't run.
func (f *Fire) tend() {
	f.t.Helper()
	p := f.life()
	if !p.Ended() {
		return
	}
	f.ended(p)
	f.start(p.dir)
}

// ended looks at how a life has ended: by a kill, or because there was another copy,
// or because there was no broker when it started. One that was shut out before its
// first commit can't know that there is no other copy.
func (f *Fire) ended(p *life) {
	f.t.Helper()
	err := p.Wait()
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signal() == syscall.SIGKILL {
		return
	}
	said := p.Messages()
	fenced := p.cmd.ProcessState.ExitCode() == 1 && strings.Contains(said, "another copy of this container has taken over")
	switch {
	case fenced && p.rival:
		f.GaveWay++
		return
	case fenced && p.still:
		f.Gone++
		return
	case p.away && !strings.Contains(said, "on Kafka at"):
		f.Refused++
		return
	}
	f.t.Errorf("%v: the program has ended by itself: %v\n%s", f.since(), err, p.Messages())
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

func (f *Fire) kill() {
	f.t.Helper()
	f.Kills++
	f.log("kill")
	f.life().Kill()
	_ = f.life().Wait() // tend looks at it
}

// wipe has the program lose its local state, as a machine that is lost does.
func (f *Fire) wipe() {
	f.t.Helper()
	f.kill()
	f.Wipes++
	f.log("wipe")
	if err := os.RemoveAll(f.dirs[f.life().dir]); err != nil {
		f.t.Fatal(err)
	}
}

func (f *Fire) stop() {
	f.t.Helper()
	f.Stops++
	f.standStill(0, 3*time.Second)
}

// stopUntilIdle lasts longer than it takes an input to be idle, and not so long that
// the transaction is aborted.
func (f *Fire) stopUntilIdle() {
	f.t.Helper()
	f.LongStops++
	f.standStill(11*time.Second, 14*time.Second)
}

// stopUntilAborted lasts longer than the broker keeps a transaction open.
func (f *Fire) stopUntilAborted() {
	f.t.Helper()
	f.LongStops++
	f.life().still = true
	f.standStill(31*time.Second, 34*time.Second)
}

func (f *Fire) standStill(least, most time.Duration) {
	f.t.Helper()
	f.log("stop")
	f.signal(f.life(), syscall.SIGSTOP)
	f.wait(least, most)
	f.signal(f.life(), syscall.SIGCONT)
	f.log("go on")
}

// copy starts a second copy beside the program, which stands still and then goes
// on. One of them has to see that, and to end.
func (f *Fire) copy() {
	f.t.Helper()
	f.Copies++
	f.log("copy")
	first := f.life()
	f.signal(first, syscall.SIGSTOP)
	f.start(1 - first.dir)
	second := f.life()
	first.rival, second.rival = true, true
	if f.random.IntN(2) == 0 {
		f.c.Await("the second copy to get on", f.grown())
	} else {
		f.wait(0, time.Second)
	}
	f.signal(first, syscall.SIGCONT)
	f.c.Await("one of two copies to give way", func() bool { return first.Ended() || second.Ended() })
	if !first.Ended() { // then the first is the present one
		f.ended(second)
		f.lives = append(f.lives[:len(f.lives)-2], second, first)
	} else {
		f.ended(first)
	}
	f.log("life %d goes on", f.life().n)
}

// grown tells whether there is a new result.
func (f *Fire) grown() func() bool {
	before := f.c.Ends(f.output)
	return func() bool { return f.c.Ends(f.output) > before }
}

func (f *Fire) brokerStops() {
	f.t.Helper()
	f.BrokerStops++
	f.log("the broker is stopped")
	f.c.Stop(f.t)
	f.brokerIsAway()
}

func (f *Fire) brokerIsKilled() {
	f.t.Helper()
	f.BrokerKills++
	f.log("the broker is killed")
	f.c.Kill(f.t)
	f.brokerIsAway()
}

// brokerIsAway ends with the broker's return. As likely as not the program is killed
// meanwhile, and started while there is no broker.
func (f *Fire) brokerIsAway() {
	f.t.Helper()
	f.away, f.life().away = true, true
	f.wait(0, time.Second)
	if f.random.IntN(2) == 0 {
		f.kill()
		f.tend()
	}
	f.c.Restart(f.t)
	f.away = false
	f.log("the broker is back")
}

func (f *Fire) signal(p *life, s syscall.Signal) {
	f.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !p.Ended() {
		f.t.Fatal(err)
	}
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

func (y Tally) String() string {
	return fmt.Sprintf("%d kills, %d of them with a wipe; %d stops and %d long ones; %d second copies, %d gave way; %d went without a first commit; "+
		"the broker was stopped %d times and killed %d times; %d starts, %d of them without a broker; the longest time to a new result was %v; %v in all",
		y.Kills, y.Wipes, y.Stops, y.LongStops, y.Copies, y.GaveWay, y.Gone, y.BrokerStops, y.BrokerKills, y.Starts, y.Refused, y.Slowest.Round(time.Millisecond), y.Lasted)
}
