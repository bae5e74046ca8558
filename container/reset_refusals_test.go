package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestReset_RefusedWhileJobRuns(t *testing.T) {
	r := newRestart(t, 1, false)
	ends := r.ends()
	for from := 1; from <= 3; from++ {
		begun := from == 3
		err := runReset(&crowded{System: r.log, from: from}, r.cfg, start(0))
		if err == nil || !strings.Contains(err.Error(), "member m-1 of group app-tally, on /10.0.0.7") {
			t.Errorf("the error is %v", err)
		}
		if begun && !strings.Contains(fmt.Sprint(err), "started while it was being reset") {
			t.Errorf("it doesn't say that it was begun: %v", err)
		}
		if !begun && r.ends() != ends {
			t.Errorf("something was written")
		}
	}
	must(t, runReset(r.log, r.cfg, start(0)))
	r.repeats()
}

// ends is how long its changelogs are.
func (r *restart) ends() (n int) {
	for _, topic := range meta.ChangelogTopics(r.cfg.Stage) {
		for p := range int32(2) {
			n += len(recordsOf(r.t, r.log, stream.TopicPartition{Topic: topic, Partition: p}))
		}
	}
	return n
}

// A reset shuts out a run that is no member of a group, and that run may be the last.
func TestReset_AndRunFenceEachOther(t *testing.T) {
	r := newRestart(t, 1, false)
	r.on(r.fresh)
	r.open()
	x, err := prepareReset(r.log, r.cfg, start(0))
	must(t, err)
	must(t, x.Run(context.Background()))
	p := &pair{r.mortal}
	r.sendTo(0, "a")
	p.wantEnd(r.running)
	r.kill()
	r.once = false
	x, err = prepareReset(&streamtest.Interrupted{System: r.log, Left: 1}, r.cfg, start(0))
	must(t, err)
	if err := x.Run(context.Background()); !errors.Is(err, streamtest.ErrInterrupted) {
		t.Fatal(err)
	}
	r.refusesHalf(1, 2, false)
	must(t, runReset(r.log, r.cfg, start(0)))
	r.finish()
}

// Containers of other numbers than the first are shut out, too.
func TestReset_FencesAllOwners(t *testing.T) {
	p := newPair(t)
	p.cfg.Stage.Inputs[0].Producers = 0
	zero, one := p.open(0, 0), p.open(1, 1)
	p.work(zero)
	p.work(one)
	must(t, runReset(p.log, p.cfg, start(0)))
	p.sendTo(0, "a")
	p.sendTo(1, "c")
	p.wantEnd(one)
	p.wantEnd(zero)
}

func TestReset_RefusesToKeepHalfCommittedState(t *testing.T) {
	r := newRestart(t, 1, true)
	keep := start(0)
	keep.KeepState = true
	put(t, r.log, countsLog, stream.Record{Key: []byte("a"), Value: []byte("12345678")})
	if err := runReset(r.log, r.cfg, keep); err == nil || !strings.Contains(err.Error(), "killed in the middle of a commit") {
		t.Errorf("the error is %v", err)
	}
	if err := runReset(&streamtest.Interrupted{System: r.log, Left: 1}, r.cfg, start(0)); !errors.Is(err, streamtest.ErrInterrupted) {
		t.Fatal(err)
	}
	if err := runReset(r.log, r.cfg, keep); err == nil || !strings.Contains(err.Error(), "can't be kept any more") {
		t.Errorf("the error is %v", err)
	}
	must(t, runReset(r.log, r.cfg, start(0)))
	r.repeats()
}
