package container_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

func offsetOf(tp stream.TopicPartition, offset int64) reset.Target {
	return reset.Target{Offsets: map[stream.TopicPartition]int64{tp: offset}}
}

func TestReset_SetsOffsets(t *testing.T) {
	both := start(0)
	both.Offsets = map[stream.TopicPartition]int64{inPartition: 3}
	for _, test := range []struct {
		name   string
		target reset.Target
		want   []int64 // is read again
	}{
		{"oldest", start(0), []int64{20, 30, 40}},
		{"newest", start(scheduler.StartNewest), nil},
		{"a time", start(25), []int64{30, 40}},
		{"a time of a record", start(30), []int64{30, 40}},
		{"a time to come", start(45), nil},
		{"an offset", offsetOf(inPartition, 3), []int64{40}},
		{"the end", offsetOf(inPartition, 4), nil},
		{"an offset, and the rest oldest", both, []int64{40}},
		{"nothing", reset.Target{}, nil},
	} {
		for _, keep := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				c := newCopying(t, memory.New())
				c.fill(10, 20, 30, 40)
				c.reopen()
				c.wantOut(10, 20, 30, 40)
				must(t, c.Stop(context.Background()))
				c.Container = nil
				c.deleteBefore(1)
				test.target.KeepState = keep
				must(t, runReset(c.sys, c.cfg, test.target))
				if at := c.groupOffset(); at != 4-int64(len(test.want)) {
					t.Errorf("the group's offset is %d", at)
				}
				c.reopen()
				c.wantOut(append([]int64{10, 20, 30, 40}, test.want...)...)
				c.fill(50)
				c.wantOut(append(append([]int64{10, 20, 30, 40}, test.want...), 50)...)
			})
		}
	}
}

// It is a way out where a job refuses to guess.
func TestReset_ReplacesConflictingOffsets(t *testing.T) {
	c := newCopying(t, memory.New())
	c.fill(10, 20)
	c.reopen()
	c.wantOut(10, 20)
	must(t, c.Stop(context.Background()))
	c.Container = nil
	c.setOffset(0)
	if err := c.open(); err == nil {
		t.Fatal("it isn't refused")
	}
	must(t, runReset(c.sys, c.cfg, offsetOf(inPartition, 1)))
	c.reopen()
	c.wantOut(10, 20, 20)
}

func TestReset_PassesOverRepartitions(t *testing.T) {
	for keep, want := range map[bool][]int64{false: {10, 50}, true: {10, 20, 30, 50}} {
		c := newCopying(t, memory.New())
		c.input().Producers = 1
		c.fill(10)
		c.reopen()
		c.wantOut(10)
		must(t, c.Stop(context.Background()))
		c.Container = nil
		c.fill(20, 30)
		target := start(0)
		target.KeepState = keep
		x, err := prepareReset(c.sys, c.cfg, target)
		must(t, err)
		if in := x.Stages[0].Inputs[0]; !in.Repartition || in.From[0] != 1 || (in.To[0] == 3) == keep {
			t.Errorf("it says %+v", in)
		}
		must(t, x.Run(context.Background()))
		c.reopen()
		c.fill(50)
		c.wantOut(want...)
	}
}

func TestReset_RefusesOffsets(t *testing.T) {
	c := newCopying(t, memory.New())
	c.fill(10, 20, 30)
	c.reopen()
	c.wantOut(10, 20, 30)
	must(t, c.Stop(context.Background()))
	c.Container = nil
	c.deleteBefore(1)
	for _, test := range []struct {
		tp     stream.TopicPartition
		offset int64
		why    string
	}{
		{inPartition, 0, "in/0: offset 0 is out of range: the partition holds 1 to 3"},
		{inPartition, 4, "in/0: offset 4 is out of range: the partition holds 1 to 3"},
		{stream.TopicPartition{Topic: "in", Partition: 1}, 2, "in/1: the topic has partitions 0 to 0"},
		{stream.TopicPartition{Topic: "out"}, 2, "out/0: the job reads no topic of that name"},
	} {
		if err := runReset(c.sys, c.cfg, offsetOf(test.tp, test.offset)); err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%v at %d: the error is %v", test.tp, test.offset, err)
		}
	}
	c.input().Producers = 1
	if err := runReset(c.sys, c.cfg, offsetOf(inPartition, 2)); err == nil || !strings.Contains(err.Error(), "the job's own traffic") {
		t.Errorf("the error is %v", err)
	}
	c.input().Producers = 0
	c.reopen()
	c.wantOut(10, 20, 30)
}
