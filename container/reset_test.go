package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/streamtest"
)

// A restart is a tally that is to be read from the beginning again. It has run on two
// machines: the disk of one is stale, that of the other is up to date.
type restart struct {
	*mortal
	stale, fresh *disk
}

func newRestart(t *testing.T, seed uint64, atLeastOnce bool) *restart {
	r := &restart{mortal: newMortal(t, seed, atLeastOnce)}
	r.cfg.Stage.Inputs[0].Producers = 0
	for _, d := range []**disk{&r.stale, &r.fresh} {
		*d = newDisk(r.log)
		for range 3 {
			r.send(10)
		}
		for i := range 40 { // keys that come once
			r.sendTo(int32(i%2), fmt.Sprintf("key %d of %d", i, len(r.input[0])))
		}
		r.on(*d)
		r.open()
		r.work()
		must(t, r.running.Stop(context.Background()))
		r.running = nil
	}
	return r
}

// on moves it to a machine.
func (r *restart) on(d *disk) { r.disk, r.cfg.Engine = d, d }

// work lets it do all that there is.
func (r *restart) work() {
	r.t.Helper()
	must(r.t, (&pair{r.mortal}).try(r.running))
}

// repeats checks that the job starts over, wherever it starts, and gives each of its
// results a second time.
func (r *restart) repeats() {
	r.t.Helper()
	r.once = false
	before := r.results()
	for _, d := range []*disk{r.fresh, r.stale, newDisk(r.log)} {
		r.on(d)
		r.open() // which looks at the state
		r.kill()
	}
	r.on(r.stale)
	r.finish()
	if after := r.results(); after != 2*before {
		r.t.Errorf("%d results have become %d", before, after)
	}
}

func (r *restart) results() (n int) {
	r.t.Helper()
	for p := range int32(2) {
		n += len(recordsOf(r.t, r.sys, stream.TopicPartition{Topic: "out", Partition: p}))
	}
	return n
}

// eachKind runs a test with transactions and without, and on logs of both kinds, one
// of them with little memory.
func eachKind(t *testing.T, test func(t *testing.T, seed uint64, atLeastOnce bool)) {
	for _, atLeastOnce := range []bool{false, true} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("at least once %v, seed %d", atLeastOnce, seed), func(t *testing.T) { test(t, seed, atLeastOnce) })
		}
	}
}

func TestReset_EmptiesStateOnAllDisks(t *testing.T) {
	eachKind(t, func(t *testing.T, seed uint64, atLeastOnce bool) {
		r := newRestart(t, seed, atLeastOnce)
		must(t, runReset(r.log, r.cfg, start(0)))
		ends := r.ends()
		must(t, runReset(r.log, r.cfg, start(0))) // it may come again
		if n := r.ends() - ends; r.cfg.Memory == 0 && n != 2*2*2 {
			t.Errorf("a reset of what is empty has written %d records, and not two for each task and store", n)
		}
		r.repeats()
	})
}

// What has begun can be ended by running it again, whenever it was interrupted, and
// nothing goes on in between.
func TestReset_Interrupted(t *testing.T) {
	eachKind(t, func(t *testing.T, seed uint64, atLeastOnce bool) {
		r := newRestart(t, seed, atLeastOnce)
		whole := &streamtest.Interrupted{System: r.log, Left: 1 << 30}
		must(t, runReset(whole, r.cfg, start(0)))
		commits := 1<<30 - whole.Left
		if few := commits < 8; few != (r.cfg.Memory == 0) {
			t.Fatalf("it has %d commits", commits)
		}
		for n := range commits {
			if n > 1 && n < commits-2 && n != commits/2 {
				continue // one tombstone is like another
			}
			for _, after := range []bool{false, true} {
				r := newRestart(t, seed, atLeastOnce)
				if err := runReset(&streamtest.Interrupted{System: r.log, Left: n, After: after}, r.cfg, start(0)); !errors.Is(err, streamtest.ErrInterrupted) {
					t.Fatal(err)
				}
				r.refusesHalf(n, commits-1, after)
				must(t, runReset(r.log, r.cfg, start(0)))
				r.repeats()
			}
		}
	})
}

// refusesHalf starts the job after a reset was interrupted at one of its commits, of
// which there is a last one. With nothing done, or all of it, it goes on; else it must
// not. At least once, what was to be committed may be there or not.
func (r *restart) refusesHalf(n, last int, after bool) {
	r.t.Helper()
	r.on(newDisk(r.log))
	r.once = false
	nothing, all := n == 0 && !after, n == last && after
	inDoubt := r.cfg.AtLeastOnce && !after && (n == 0 || n == last)
	c, err := container.Open(context.Background(), r.cfg)
	switch {
	case err == nil:
		must(r.t, c.Close())
		if !nothing && !all && !inDoubt {
			r.t.Errorf("interrupted at commit %d of %d (after it: %v) the job starts", n, last, after)
		}
	case (nothing || all) && !inDoubt || !strings.Contains(err.Error(), "run the reset again"):
		r.t.Errorf("interrupted at commit %d of %d (after it: %v) it says %v", n, last, after, err)
	}
}

// A container that was killed in the middle of a commit leaves records behind it.
func TestReset_AfterRandomFailures(t *testing.T) {
	eachKind(t, func(t *testing.T, seed uint64, atLeastOnce bool) {
		for i := range uint64(5) {
			r := &restart{mortal: newMortal(t, 2*i+seed, atLeastOnce)}
			r.cfg.Stage.Inputs[0].Producers = 0
			for range 60 {
				r.log.crash = []float64{0, 0.02, 0.2}[r.log.rnd.IntN(3)]
				r.act()
			}
			r.kill()
			r.log.crash = 0
			r.once = false
			must(t, runReset(r.log, r.cfg, start(0)))
			before := r.results()
			r.finish()
			if n, read := r.results()-before, len(r.input[0])+len(r.input[1]); n != read {
				t.Errorf("%d records have had %d results", read, n)
			}
		}
	})
}

// Partitions that aren't named stay where they are, also if it takes two attempts.
func TestReset_OnePartition(t *testing.T) {
	eachKind(t, func(t *testing.T, seed uint64, atLeastOnce bool) {
		r := newRestart(t, seed, atLeastOnce)
		target := offsetOf(stream.TopicPartition{Topic: "in"}, 0)
		if err := runReset(&streamtest.Interrupted{System: r.log, Left: 0, After: true}, r.cfg, target); !errors.Is(err, streamtest.ErrInterrupted) {
			t.Fatal(err)
		}
		must(t, runReset(r.log, r.cfg, target))
		at, err := r.log.Admin().Committed(context.Background(), "app-tally", stream.TopicPartition{Topic: "in"}, stream.TopicPartition{Topic: "in", Partition: 1})
		must(t, err)
		if at[0] != 0 || at[1] < int64(len(r.input[1])) {
			t.Errorf("the group's offsets are %d", at)
		}
		r.once = false
		r.on(r.stale)
		r.open()
		must(t, r.running.Stop(context.Background()))
	})
}
