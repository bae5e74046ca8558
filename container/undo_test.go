package container_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A regretful is a program that sends how many records it has seen, and fails at 7 after
// it has changed everything that a record can change.
type regretful struct{ copier }

func (p *regretful) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := p.copier.NewLogic(stage, task)
	return &regretfulLogic{copierLogic: l.(*copierLogic)}, err
}

type regretfulLogic struct {
	*copierLogic
	seen, marked int
}

func (l *regretfulLogic) Source(int, int32) loop.Source { return l }
func (l *regretfulLogic) Skips() bool                   { return true }
func (l *regretfulLogic) Mark()                         { l.marked = l.seen }
func (l *regretfulLogic) Rewind()                       { l.seen = l.marked }

func (l *regretfulLogic) Process() error {
	l.seen++
	r := stream.Record{Value: strconv.AppendInt(nil, int64(l.seen), 10), Headers: []stream.Header{{Key: string(l.record.Value)}}}
	if err := l.out.Send(0, &r); err != nil || string(l.record.Value) != "7" {
		return err
	}
	l.task.Pause()
	l.task.Counts("regretful").Late++
	l.task.Skipped(l.task.Counts("regretful"), errors.New("of an operator"))
	return errors.New("no seven")
}

// A record that fails leaves no trace: outputs, counters, pauses, what operators have in
// memory, and what they have reported are as before.
func TestUndo_RecordLeavesNoTrace(t *testing.T) {
	seen := &recorder{}
	c := newCopying(t, memory.New())
	c.cfg.Program, c.cfg.Observer = &regretful{}, seen
	c.reopen()
	c.fill(5, 7, 9)
	c.wantOut(1, 2)
	out := recordsOf(t, c.sys, stream.TopicPartition{Topic: "out"})
	for i, of := range []string{"5", "9"} {
		if h := out[i].Headers; len(h) != 1 || h[0].Key != of {
			t.Errorf("headers %v, want that of %s", h, of)
		}
	}
	var counted bool
	for _, op := range c.metrics.Sample().Containers[0].Tasks[0].Operators {
		counted = counted || op.Skipped == 1
		if op.Late != 0 || op.Skipped > 1 {
			t.Errorf("counted %+v", op)
		}
	}
	if !counted || len(seen.skips) != 1 || seen.skips[0].ByOperator || len(seen.restores) != 1 {
		t.Errorf("skips %+v, %d restores", seen.skips, len(seen.restores))
	}
}
