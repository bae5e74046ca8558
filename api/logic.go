package api

import (
	"maps"
	"slices"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// An operator has a say in event time: it does something when the watermark of
// its input gets to a point, and its output's watermark may be behind.
type operator interface {
	// setInput tells where the watermark of the operator's input is found.
	setInput(func() int64)
	// watermark is the event time below which the operator sends nothing more,
	// or container.IdleTime.
	watermark() int64
	due() int64
	advance() (more bool, err error)
	end() (more bool, err error)
	// mark is the watermark that the operator's input has reached.
	mark() int64
	setMark(int64)
}

// A logic is the operators of one task; see container.Logic.
type logic struct {
	program   program
	stage     *scheduler.Stage
	scope     scope
	inputs    []container.Source
	sources   map[int][]source // of a node, one for each of its topics
	operators map[int]operator
	ordered   []operator // upstream first
	names     []string   // of ordered
	outputs   []func() int64
}

func (l *logic) Source(i int) container.Source { return l.inputs[i] }

// connectWatermarks composes, node by node, where watermarks come from: a
// source's is told by the container, an operator has its own, and everything
// else passes on the least of what comes before it.
func (l *logic) connectWatermarks() {
	marks := make(map[int]func() int64)
	for id, sources := range l.sources {
		var of []func() int64
		for _, s := range sources {
			of = append(of, s.watermark)
		}
		marks[id] = least(of)
	}
	outputs := make(map[int]func() int64)
	for _, id := range l.stage.Nodes {
		n := l.program.nodes[id]
		if n.attach == nil {
			continue
		}
		var before []func() int64
		for _, from := range n.From {
			before = append(before, marks[from.Node])
		}
		mark := least(before)
		if op, ok := l.operators[id]; ok {
			op.setInput(mark)
			mark = op.watermark
			l.ordered, l.names = append(l.ordered, op), append(l.names, n.Name)
		}
		outputs[id] = mark
		if !l.program.leaves(n, l.stage) {
			marks[id] = mark
		}
	}
	for _, out := range l.stage.Outputs {
		l.outputs = append(l.outputs, outputs[out.Node])
	}
}

// least is the lowest of some watermarks; that of idle inputs is the highest
// number there is, so they don't count.
func least(of []func() int64) func() int64 {
	if len(of) == 1 {
		return of[0]
	}
	return func() int64 {
		w := int64(container.IdleTime)
		for _, f := range of {
			w = min(w, f())
		}
		return w
	}
}

func (l *logic) OutputWatermark(i int) int64 { return l.outputs[i]() }

// No operator of today has calls in flight, reacts to the clock, or takes part in a commit.

func (l *logic) ClockDue() int64          { return container.IdleTime }
func (l *logic) Tick(int64) (bool, error) { return false, nil }
func (l *logic) Resume() (bool, error)    { return false, nil }
func (l *logic) Busy() bool               { return false }
func (l *logic) BeforeCommit() error      { return nil }
func (l *logic) AfterCommit() error       { return nil }
func (l *logic) Close() error             { return nil }

func (l *logic) Operator() string { return l.program.describe(l.scope.operator) }

func (l *logic) Due() int64 {
	due := int64(container.IdleTime)
	for _, op := range l.ordered {
		due = min(due, op.due())
	}
	return due
}

// Advance lets the first operator that has something to do go on: what it sends
// must have arrived before the next one's time comes.
func (l *logic) Advance() (bool, error) {
	for _, op := range l.ordered {
		if more, err := op.advance(); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

func (l *logic) End() (bool, error) {
	for _, op := range l.ordered {
		if more, err := op.end(); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

func (l *logic) Marks() map[string]int64 {
	marks := make(map[string]int64)
	for i, op := range l.ordered {
		if m := op.mark(); m != stream.NoTime {
			marks[l.names[i]] = m
		}
	}
	return marks
}

func (l *logic) SetMarks(marks map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(marks)) {
		if i := slices.Index(l.names, name); i >= 0 {
			l.ordered[i].setMark(marks[name])
		}
	}
}
