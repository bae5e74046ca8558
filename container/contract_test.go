package container_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// caller is a program that hands its records over to calls, at most room of them
// at a time, and copies what they return. It counts what the container asks of it.
type caller struct {
	copier
	room     int
	inFlight []string
	returned []string
	task     *loop.Task
	out      *loop.Output

	alarm                  int64 // when the clock is due
	ticks                  []int64
	before, after, closed  int
	failBefore, panicAfter bool
}

func (c *caller) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := c.copier.NewLogic(stage, task)
	c.task, c.out = task, l.(*copierLogic).out
	c.inFlight, c.returned = nil, nil
	return &callerLogic{l.(*copierLogic), c}, err
}

// finish has the oldest call return, as its goroutine would.
func (c *caller) finish() {
	c.returned = append(c.returned, c.inFlight[0])
	c.inFlight = c.inFlight[1:]
	c.task.Wake()
}

type callerLogic struct {
	*copierLogic
	c *caller
}

func (l *callerLogic) Source(int, int32) loop.Source { return l }

func (l *callerLogic) Process() error {
	l.c.inFlight = append(l.c.inFlight, string(l.record.Value))
	if len(l.c.inFlight) == l.c.room {
		l.c.task.Pause()
	}
	return nil
}

func (l *callerLogic) Resume() (bool, error) {
	v := l.c.returned[0]
	l.c.returned = l.c.returned[1:]
	if len(l.c.inFlight) == l.c.room-1 {
		l.c.task.Unpause()
	}
	return len(l.c.returned) > 0, l.c.out.Send(0, &stream.Record{Value: []byte(v)})
}

func (l *callerLogic) Busy() bool      { return len(l.c.inFlight)+len(l.c.returned) > 0 }
func (l *callerLogic) ClockDue() int64 { return l.c.alarm }

func (l *callerLogic) Tick(now int64) (bool, error) {
	l.c.ticks = append(l.c.ticks, now)
	l.c.alarm = loop.IdleTime
	return false, l.c.out.Send(0, &stream.Record{Value: []byte("-1")})
}

func (l *callerLogic) BeforeCommit() error {
	l.c.before++
	if l.c.failBefore {
		return errors.New("can't flush")
	}
	return nil
}

func (l *callerLogic) AfterCommit() error {
	l.c.after++
	if l.c.panicAfter {
		panic("can't deliver")
	}
	return nil
}

func (l *callerLogic) Close() error { l.c.closed++; return nil }

func newCalling(t *testing.T, room int) (*copying, *caller) {
	p := &caller{room: room, alarm: loop.IdleTime}
	c := newCopying(t, memory.New())
	c.cfg.Program = p
	c.reopen()
	return c, p
}

func (c *copying) step() container.Wait {
	c.t.Helper()
	w, err := c.Step(context.Background())
	must(c.t, err)
	return w
}

func TestTask_PauseKeepsRecordsBack(t *testing.T) {
	c, p := newCalling(t, 2)
	c.fill(1, 2, 3, 4)
	must(t, c.settle())
	if !slices.Equal(p.inFlight, []string{"1", "2"}) {
		t.Fatalf("in flight: %v, want two of four", p.inFlight)
	}
	p.finish()
	must(t, c.settle())
	if !slices.Equal(p.inFlight, []string{"2", "3"}) {
		t.Fatalf("in flight: %v, want the next one as well", p.inFlight)
	}
	for len(p.inFlight) > 0 {
		p.finish()
		must(t, c.settle())
	}
	c.wantOut(1, 2, 3, 4)
}

func TestTask_WakeInterruptsTheWait(t *testing.T) {
	c, p := newCalling(t, 2)
	c.fill(1)
	must(t, c.Close())
	c.Container = nil
	ctx, cancel := context.WithCancel(context.Background())
	cfg := c.cfg
	cfg.Await = func(_ context.Context, _ time.Duration, ready ...<-chan struct{}) {
		if len(p.inFlight) == 0 {
			runtime.Gosched()
			return
		}
		p.finish()
		if !slices.ContainsFunc(ready, func(r <-chan struct{}) bool { return len(r) > 0 }) {
			t.Error("the loop doesn't wait for calls")
		}
		cancel()
	}
	must(t, container.Run(ctx, cfg))
}

func TestLogic_BusyHoldsTheEndOfABoundedRun(t *testing.T) {
	c, p := newCalling(t, 2)
	c.fill(1)
	c.cfg.Run, c.cfg.Bounds = 7, map[stream.TopicPartition]int64{inPartition: 1}
	c.reopen()
	for range 10 {
		c.now = c.now.Add(time.Second)
		if c.step().Done {
			t.Fatal("the run has ended with a call in flight")
		}
	}
	p.finish()
	c.wantOut(1)
	if !c.step().Done {
		t.Fatal("the run hasn't ended")
	}
}

func TestLogic_ClockIsDue(t *testing.T) {
	c, p := newCalling(t, 2)
	p.alarm = c.now.Add(100 * time.Millisecond).UnixMilli()
	if w := c.step(); w.Until.UnixMilli() != p.alarm {
		t.Fatalf("the loop waits until %v, want the alarm", w.Until)
	}
	c.now = c.now.Add(99 * time.Millisecond)
	c.step()
	if len(p.ticks) > 0 {
		t.Fatal("the clock has ticked too early")
	}
	c.now = c.now.Add(time.Millisecond)
	if w := c.step(); !slices.Equal(p.ticks, []int64{c.now.UnixMilli()}) || !w.Uncommitted {
		t.Fatalf("ticks: %v, %+v", p.ticks, w)
	}
	c.wantOut(-1)
}

func TestLogic_TakesPartInCommits(t *testing.T) {
	c, p := newCalling(t, 2)
	before := p.before
	c.fill(1)
	must(t, c.settle())
	if p.before == before || p.before != p.after {
		t.Fatalf("BeforeCommit %d times, AfterCommit %d times", p.before, p.after)
	}
	p.failBefore = true
	c.fill(2)
	if err := c.settle(); err == nil || !strings.Contains(err.Error(), "tally: can't flush") {
		t.Fatalf("got %v", err)
	}
	if c.groupOffset() != 1 {
		t.Fatal("a commit that the operators refused was made")
	}
	p.failBefore, p.panicAfter = false, true
	if err := c.open(); err == nil || !strings.Contains(err.Error(), "tally: panic: can't deliver") {
		t.Fatalf("got %v", err)
	}
}

func TestLogic_IsClosedOnce(t *testing.T) {
	c, p := newCalling(t, 2)
	built := p.closed
	for i := range 3 {
		c.reopen()
		if p.closed != built+i+1 {
			t.Fatalf("closed %d times after %d containers", p.closed, i+1)
		}
	}
}

// A panic of a serde is the record's error wherever it comes: at the head of a
// chunk, and within a run.
func TestLoad_PanicsAreOfTheirRecord(t *testing.T) {
	for _, at := range []int64{1, 3} {
		t.Run(strconv.FormatInt(at, 10), func(t *testing.T) {
			c := newCopying(t, memory.New())
			c.cfg.Program = &fragile{at: at}
			c.reopen()
			c.fill(1, 2, 3, 3, 1, 4)
			var want []int64
			for _, n := range []int64{1, 2, 3, 3, 1, 4} {
				if n != at {
					want = append(want, n)
				}
			}
			c.wantOut(want...)
		})
	}
}

// fragile is a program whose serde panics.
type fragile struct {
	copier
	at int64
}

func (f *fragile) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := f.copier.NewLogic(stage, task)
	return &fragileLogic{l.(*copierLogic), f.at}, err
}

type fragileLogic struct {
	*copierLogic
	at int64
}

func (l *fragileLogic) Source(int, int32) loop.Source { return l }
func (l *fragileLogic) Skips() bool                   { return true }

func (l *fragileLogic) Load(r *stream.Record) (int64, error) {
	if string(r.Value) == strconv.FormatInt(l.at, 10) {
		panic("fragile")
	}
	return l.copierLogic.Load(r)
}
