package container_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A heldJob is a tally of an input from outside, whose container can be held.
type heldJob struct {
	*mortal
	hold membership.Hold
}

func newHeldJob(t *testing.T, producers int32) *heldJob {
	h := &heldJob{mortal: newMortal(t, 1, false)}
	stage := tallyStage()
	stage.Inputs[0].Producers = producers
	h.cfg.Stage, h.cfg.Hold = stage, &h.hold
	return h
}

// steps lets so much time pass.
func (h *heldJob) steps(d time.Duration) {
	h.t.Helper()
	for end := h.now.Add(d); h.now.Before(end); h.now = h.now.Add(100 * time.Millisecond) {
		_, err := h.running.Step(context.Background())
		must(h.t, err)
	}
}

// holds holds for a time, and compares the number of containers that hold already.
func (h *heldJob) holds(d time.Duration, containers, rest int) {
	h.t.Helper()
	if gotContainers, gotRest := h.hold.Until(h.now.Add(d)); gotContainers != containers || gotRest != rest {
		h.t.Errorf("of %d containers %d rest; want %d of %d", gotContainers, gotRest, rest, containers)
	}
}

// committed looks at what is committed of a partition.
func (h *heldJob) committed(partition int32, want int64) {
	h.t.Helper()
	at, err := h.log.Admin().Committed(context.Background(), "app-tally", stream.TopicPartition{Topic: "in", Partition: partition})
	must(h.t, err)
	if at[0] != want {
		h.t.Errorf("partition %d: %d is committed, want %d", partition, at[0], want)
	}
}

// A container that is held commits what it has done, reads nothing more, not even of
// what it has fetched, and goes on there when the time is over.
func TestHold_ContainerContinuesAtItsPosition(t *testing.T) {
	h := newHeldJob(t, 0)
	const many = 10_000 // more than one step takes
	h.sendTo(0, keys(many)...)
	h.holds(0, 0, 0)
	h.open()
	_, err := h.running.Step(t.Context())
	must(t, err)
	h.holds(5*time.Second, 1, 0)
	h.steps(2 * time.Second)
	h.holds(5*time.Second, 1, 1)
	at, err := h.log.Admin().Committed(t.Context(), "app-tally", stream.TopicPartition{Topic: "in"})
	must(t, err)
	if at[0] == 0 || at[0] >= many {
		t.Fatalf("of %d records %d are committed: it doesn't stand in the middle", many, at[0])
	}
	h.sendTo(1, "k1", "k2")
	h.steps(4900 * time.Millisecond)
	h.committed(0, at[0])
	h.holds(100*time.Millisecond, 1, 1)
	h.steps(5 * time.Second)
	h.committed(0, many)
	h.committed(1, 2)
	h.holds(0, 1, 0)
	must(t, h.running.Stop(t.Context()))
	h.running = nil
	h.holds(time.Second, 0, 0)
	h.checkOutput(0, many)
	h.checkOutput(1, 2)
}

// What carries the job's own traffic is read on, and while something of it isn't
// committed the container doesn't rest.
func TestHold_ReadsOwnTraffic(t *testing.T) {
	h := newHeldJob(t, 1)
	h.cfg.CommitInterval = 10 * time.Second
	h.open()
	h.holds(time.Hour, 1, 0)
	h.steps(time.Second)
	h.holds(time.Hour, 1, 1)
	h.sendTo(0, "k1", "k2")
	h.steps(2 * time.Second)
	h.holds(time.Hour, 1, 0)
	h.steps(10 * time.Second)
	h.holds(time.Hour, 1, 1)
	h.committed(0, 2)
	must(t, h.running.Close())
	h.holds(time.Hour, 0, 0)
}

// A container that comes while inputs are held holds them, too, and so does one that
// goes back to its last commit.
func TestHold_ContainerOpenedLater(t *testing.T) {
	h := newHeldJob(t, 0)
	h.sendTo(0, "k1", "k2")
	h.holds(time.Minute, 0, 0)
	h.open()
	h.steps(2 * time.Second)
	h.holds(time.Minute, 1, 1)
	h.committed(0, 0)
	h.holds(0, 1, 1)
	h.steps(2 * time.Second)
	h.holds(0, 1, 0)
	h.committed(0, 2)
	must(t, h.running.Stop(t.Context()))
	h.running = nil
}

// An input that is held isn't idle, however long that takes: event time waits for it.
func TestHold_HeldInputIsNotIdle(t *testing.T) {
	h := newHeldJob(t, 0)
	w := &watched{tally: h.tally}
	h.cfg.Program, h.cfg.IdleTimeout = w, 3*time.Second
	h.open()
	h.holds(time.Minute, 1, 0)
	h.steps(50 * time.Second)
	if w.idle != 0 {
		t.Errorf("%d inputs have become idle", w.idle)
	}
	h.steps(20 * time.Second)
	if w.idle != 2 {
		t.Errorf("of two inputs that are read to their ends %d are idle", w.idle)
	}
	must(t, h.running.Close())
}

// watched counts the inputs that have become idle.
type watched struct {
	*tally
	idle int
}

func (w *watched) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := w.tally.NewLogic(stage, task)
	return &watchedLogic{l, w}, err
}

type watchedLogic struct {
	loop.Logic
	w *watched
}

func (l *watchedLogic) Source(i int, p int32) loop.Source {
	return &watchedSource{l.Logic.Source(i, p), l.w}
}

type watchedSource struct {
	loop.Source
	w *watched
}

func (s *watchedSource) SetWatermark(w int64) {
	if w == loop.IdleTime {
		s.w.idle++
	}
	s.Source.SetWatermark(w)
}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("k", strconv.Itoa(i%7))
	}
	return all
}
