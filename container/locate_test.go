package container_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

func TestLocate_StartOfInputs(t *testing.T) {
	for _, test := range []struct {
		name  string
		start int64
		want  []int64
	}{
		{"oldest", 0, []int64{20, 30, 40, 50}},
		{"newest", scheduler.StartNewest, []int64{50}},
		{"a time", 25, []int64{30, 40, 50}},
		{"a time of a record", 30, []int64{30, 40, 50}},
		{"a time to come", 45, []int64{50}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCopying(t, memory.New())
			c.fill(10, 20, 30, 40)
			c.deleteBefore(1)
			c.input().Start = test.start
			c.reopen()
			c.reopen() // the first commit has been made: it starts there and nowhere else
			c.fill(50)
			c.reopen()
			c.wantOut(test.want...)
			c.input().Start = 0 // too late to have an effect
			c.reopen()
			c.wantOut(test.want...)
		})
	}
}

// A topic that joins the inputs of a job starts by its own setting.
func TestLocate_NewInput(t *testing.T) {
	c := newCopying(t, memory.New())
	c.fill(1, 2)
	c.reopen()
	c.wantOut(1, 2)
	must(t, c.sys.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: "more", Partitions: 1}))
	more := stream.TopicPartition{Topic: "more"}
	put(t, c.sys, more, stream.Record{Value: []byte("3")})
	c.cfg.Stage.Inputs = append(c.cfg.Stage.Inputs, scheduler.Input{Topic: "more", Partitions: 1, Start: scheduler.StartNewest})
	c.reopen()
	put(t, c.sys, more, stream.Record{Value: []byte("4")})
	c.reopen()
	c.wantOut(1, 2, 4)
}

// Of one that has come to an input since, by its growth or as one more that matches,
// nothing is left out.
func TestLocate_NewPartitionsStartAtOldest(t *testing.T) {
	c := newCopying(t, memory.New())
	c.fill(1)
	c.input().Start = scheduler.StartNewest
	c.reopen()
	must(t, c.sys.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: "more", Partitions: 1}))
	put(t, c.sys, stream.TopicPartition{Topic: "more"}, stream.Record{Value: []byte("2")})
	c.cfg.Stage.Inputs = append(c.cfg.Stage.Inputs, scheduler.Input{Topic: "more", Partitions: 1, Start: scheduler.StartNewest, Grown: 1})
	c.reopen()
	c.wantOut(2)
}

func TestLocate_ChangedGroupOffset(t *testing.T) {
	const at = 3 // where the state is
	for _, test := range []struct {
		name        string
		atLeastOnce bool
		clean       bool
		offset      int64
		refused     bool
	}{
		{"the same", false, false, at, false},
		{"behind", false, false, at - 1, true},
		{"beyond", false, false, at + 1, true},
		{"the same, after a stop", false, true, at, false},
		{"behind, after a stop", false, true, at - 1, true},
		{"at least once, the same", true, false, at, false},
		{"at least once, behind", true, false, at - 1, false},
		{"at least once, beyond", true, false, at + 1, true},
		{"at least once, the same after a stop", true, true, at, false},
		{"at least once, behind after a stop", true, true, at - 1, true},
		{"at least once, beyond after a stop", true, true, at + 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCopying(t, memory.New())
			c.cfg.AtLeastOnce = test.atLeastOnce
			c.fill(10, 20, 30)
			c.reopen()
			c.wantOut(10, 20, 30)
			if test.clean {
				c.reopen()
				must(t, c.Stop(context.Background())) // without having done anything
				c.Container = nil
			}
			c.setOffset(test.offset)
			c.cfg.AtLeastOnce = !test.atLeastOnce // what counts is how it was committed
			err := c.open()
			if test.refused {
				if err == nil || !strings.Contains(err.Error(), "the state is as of offset 3") {
					t.Fatalf("the error is %v", err)
				}
				return
			}
			must(t, err)
			c.wantOut(10, 20, 30)
			if c.groupOffset() != at {
				t.Errorf("the group's offset is left at %d", c.groupOffset())
			}
		})
	}
}

func TestLocate_GroupOffsetWithoutState(t *testing.T) {
	c := newCopying(t, memory.New())
	c.setOffset(0)
	if err := c.open(); err == nil || !strings.Contains(err.Error(), "there is no meta record") {
		t.Errorf("the error is %v", err)
	}
}

func TestLocate_NextRecordIsGone(t *testing.T) {
	for _, test := range []struct {
		name    string
		policy  scheduler.OutOfRange
		want    []int64
		refused string
	}{
		{"fail", scheduler.OutOfRangeFail, nil, "OnOutOfRange"},
		{"oldest", scheduler.OutOfRangeOldest, []int64{10, 40, 50, 60}, ""},
		{"newest", scheduler.OutOfRangeNewest, []int64{10, 60}, ""},
	} {
		for _, running := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				c := newCopying(t, memory.New())
				c.input().OutOfRange = test.policy
				c.fill(10)
				c.reopen()
				c.wantOut(10)
				c.fill(20, 30, 40, 50)
				c.deleteBefore(3)
				if !running {
					c.reopen()
				}
				if err := c.settle(); test.refused != "" {
					if err == nil || !strings.Contains(err.Error(), "in/0: offset 1 is out of range: the partition holds 3 to 5") || !strings.Contains(err.Error(), test.refused) {
						t.Fatalf("the error is %v", err)
					}
					return
				} else if err != nil {
					t.Fatal(err)
				}
				if c.groupOffset() != 5 {
					t.Errorf("the group's offset is %d", c.groupOffset())
				}
				c.fill(60)
				c.wantOut(test.want...)
				if n := c.metrics.Sample().Containers[0].Tasks[0].Inputs[0].OutOfRange; n != 1 || strings.Count(c.said.String(), "going on elsewhere") != 1 {
					t.Errorf("counted %d times; said:\n%s", n, &c.said)
				}
				c.reopen() // it is committed
				c.wantOut(test.want...)
			})
		}
	}
}

// A topic that was created again is shorter than what was read of it. A run that is
// to end with its inputs doesn't take that for their end.
func TestLocate_InputEndsBeforePosition(t *testing.T) {
	for policy, want := range map[scheduler.OutOfRange][]int64{
		scheduler.OutOfRangeFail:   nil,
		scheduler.OutOfRangeOldest: {10, 20, 30, 10},
		scheduler.OutOfRangeNewest: {10, 20, 30},
	} {
		c := newCopying(t, memory.New())
		c.input().OutOfRange = policy
		c.fill(10, 20, 30)
		c.reopen()
		c.wantOut(10, 20, 30)
		c.cfg.Run, c.cfg.Bounds = 1, map[stream.TopicPartition]int64{inPartition: 1}
		err := c.open()
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), "in/0: offset 3 is out of range: the partition holds 0 to 1") || !strings.Contains(err.Error(), "OnOutOfRange") {
				t.Errorf("the error is %v", err)
			}
			continue
		}
		must(t, err)
		c.wantOut(want...)
		if c.groupOffset() != 1 {
			t.Errorf("the group's offset is %d", c.groupOffset())
		}
	}
}

// What only the job itself deletes can't be gone by accident.
func TestLocate_NextRecordOfRepartitionIsGone(t *testing.T) {
	c := newCopying(t, memory.New())
	c.input().Producers, c.input().OutOfRange = 1, scheduler.OutOfRangeOldest
	c.fill(10, 20)
	c.reopen()
	c.wantOut(10, 20)
	c.fill(30, 40)
	c.deleteBefore(3)
	if err := c.settle(); err == nil || !strings.Contains(err.Error(), "the job's own traffic") {
		t.Errorf("the error is %v", err)
	}
}

// A log whose consumers don't know where partitions end.
type endless struct{ *memory.System }

type endlessConsumer struct{ stream.Consumer }

func (e endless) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	c, err := e.System.OpenConsumer(ctx, cfg)
	return endlessConsumer{c}, err
}

func (endlessConsumer) End(stream.TopicPartition) int64 { return -1 }

func TestIdle_NeedsKnownEnd(t *testing.T) {
	for _, known := range []bool{true, false} {
		sys := memory.New()
		c := newCopying(t, sys)
		if !known {
			c.cfg.System = endless{sys}
		}
		c.cfg.IdleTimeout = time.Second
		c.fill(10)
		c.reopen()
		c.wantOut(10)
		if c.program.idle != known {
			t.Errorf("where the end is known (%v) it is idle: %v", known, c.program.idle)
		}
	}
}

// An input that was idle may have come to lag while nobody ran.
func TestIdle_NotRestored(t *testing.T) {
	c := newCopying(t, memory.New())
	c.cfg.IdleTimeout = time.Second
	c.fill(10)
	c.reopen()
	c.wantOut(10)
	if !c.program.idle {
		t.Fatal("it isn't idle")
	}
	c.fill(20)
	c.reopen()
	if c.program.idle {
		t.Error("it counts as idle though there is something to read")
	}
	c.wantOut(10, 20)
}

// An input that is recreated while the container reads it is another topic: it continues
// where its OutOfRange says, or stops the container. Nothing of it is committed as the rest
// of the former one.
func TestLocate_InputRecreatedMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		outOfRange scheduler.OutOfRange
		want       []int64 // nil: it is refused
	}{
		"refused": {},
		"oldest":  {scheduler.OutOfRangeOldest, []int64{1, 2, 7, 8, 9}},
		"newest":  {scheduler.OutOfRangeNewest, []int64{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			log := memory.New()
			c := newCopying(t, log)
			c.input().OutOfRange = test.outOfRange
			c.fill(1, 2)
			c.reopen()
			c.wantOut(1, 2)
			log.Recreate("in")
			c.fill(7, 8, 9)
			if test.want != nil {
				c.wantOut(test.want...)
				return
			}
			err := c.settle()
			if err == nil || !strings.Contains(err.Error(), "in/0: the topic was deleted and created again") || !strings.Contains(err.Error(), "OnOutOfRange") {
				t.Errorf("the error is %v", err)
			}
			if out := recordsOf(t, log, stream.TopicPartition{Topic: "out"}); len(out) != 2 {
				t.Errorf("%d records were copied, want 2", len(out))
			}
		})
	}
}
