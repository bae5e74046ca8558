package flow

import (
	"errors"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/stream"
)

// A logic is the operators of one task by what they can do, upstream first; see
// [loop.Logic].
type logic struct {
	names   []loop.Operator // by node of the pipeline
	scope   Scope
	inputs  [][]loop.Source // by input, and by partition if the task reads several
	outputs []func() int64  // watermarks, by output of the stage

	times      []timed
	ends       []ending
	clocks     []ClockTimer
	callers    []Async
	flushers   []Flusher
	deliverers []Deliverer
	closers    []Closer
	marks      map[string]*EventTime // by the name of the operator's state
	eventTimes []*EventTime
	undoers    []Undoer
}

// timed is an EventTimer with the event time of its inputs.
type timed struct {
	EventTimer
	time *EventTime
}

// ending is an operator that the end of the inputs concerns.
type ending struct {
	ender  Ender // nil: it does nothing itself
	caller Async // nil: it waits for nothing
}

// add sorts an operator in by its capabilities.
func (l *logic) add(b *Builder, op Operator) {
	if b.timed {
		l.marks[b.Node.StateName()] = &b.time
		l.eventTimes = append(l.eventTimes, &b.time)
	}
	if o, ok := op.(Undoer); ok {
		l.undoers = append(l.undoers, o)
	}
	if o, ok := op.(EventTimer); ok {
		l.times = append(l.times, timed{o, &b.time})
	}
	ender, ends := op.(Ender)
	caller, calls := op.(Async)
	if ends || calls {
		l.ends = append(l.ends, ending{ender, caller})
	}
	if calls {
		l.callers = append(l.callers, caller)
	}
	if o, ok := op.(ClockTimer); ok {
		l.clocks = append(l.clocks, o)
	}
	if o, ok := op.(Flusher); ok {
		l.flushers = append(l.flushers, o)
	}
	if o, ok := op.(Deliverer); ok {
		l.deliverers = append(l.deliverers, o)
	}
	if o, ok := op.(Closer); ok {
		l.closers = append(l.closers, o)
	}
}

// Source implements [loop.Logic].
func (l *logic) Source(input int, partition int32) loop.Source {
	if of := l.inputs[input]; len(of) > 1 {
		return of[partition]
	}
	return l.inputs[input][0]
}

func (l *logic) OutputWatermark(output int) int64  { return l.outputs[output]() }
func (l *logic) Operator() loop.Operator           { return l.names[l.scope.Operator] }
func (l *logic) OperatorOf(node int) loop.Operator { return l.names[node] }

func (l *logic) Mark() {
	for _, t := range l.eventTimes {
		t.marked = t.reached
	}
	for _, o := range l.undoers {
		o.Mark()
	}
}

func (l *logic) Rewind() {
	for _, t := range l.eventTimes {
		t.reached = t.marked
	}
	for _, o := range l.undoers {
		o.Rewind()
	}
}

// Due leaves out what the operators' own inputs haven't reached: an input may be idle, or
// behind the task's watermark, as an operator before it holds results back.
func (l *logic) Due() int64 {
	due := int64(loop.IdleTime)
	for _, t := range l.times {
		if at := t.Due(); at < due && at <= t.time.Now() {
			due = at
		}
	}
	return due
}

// Advance lets the first operator that has something to do go on: what it sends
// must arrive before it is the next operator's turn.
func (l *logic) Advance() (bool, error) {
	for _, t := range l.times {
		if t.Due() > t.time.Now() {
			continue
		}
		if more, err := t.Advance(); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

// End goes through the operators in order, too. What a caller still waits for
// comes before the end of the operators behind it.
func (l *logic) End() (bool, error) {
	for _, e := range l.ends {
		if e.ender != nil {
			if more, err := e.ender.End(); more || err != nil {
				return more, err
			}
		}
		if e.caller != nil && e.caller.Busy() {
			return false, nil
		}
	}
	return false, nil
}

func (l *logic) ClockDue() int64 {
	due := int64(loop.IdleTime)
	for _, c := range l.clocks {
		due = min(due, c.ClockDue())
	}
	return due
}

func (l *logic) Tick(now int64) (bool, error) {
	for _, c := range l.clocks {
		if c.ClockDue() > now {
			continue
		}
		if more, err := c.Tick(now); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

func (l *logic) Resume() (bool, error) {
	pending := false
	for _, c := range l.callers {
		more, err := c.Resume()
		if err != nil {
			return false, err
		}
		pending = pending || more
	}
	return pending, nil
}

func (l *logic) Busy() bool {
	return slices.ContainsFunc(l.callers, Async.Busy)
}

func (l *logic) BeforeCommit() error {
	for _, f := range l.flushers {
		if err := f.BeforeCommit(); err != nil {
			return err
		}
	}
	return nil
}

func (l *logic) AfterCommit() error {
	for _, d := range l.deliverers {
		if err := d.AfterCommit(); err != nil {
			return err
		}
	}
	return nil
}

func (l *logic) Close() error {
	var errs []error
	for _, c := range l.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func (l *logic) Marks() map[string]int64 {
	marks := make(map[string]int64)
	for name, t := range l.marks {
		if at := t.Now(); at != stream.NoTime {
			marks[name] = at
		}
	}
	return marks
}

func (l *logic) SetMarks(marks map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(marks)) {
		if t := l.marks[name]; t != nil {
			t.reached = marks[name]
		}
	}
}
