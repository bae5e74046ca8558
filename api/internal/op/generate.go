package op

import (
	"iter"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Generate records a generator. Of spec it has the event time, the policy and the priority.
func Generate[M any](p *flow.Pipeline, name string, seq iter.Seq[M], spec InputSpec[M]) scheduler.Edge {
	p.Named(name, "generator")
	if seq == nil {
		p.Mistake("generator %q: its sequence is nil", name)
	}
	if option := spec.ofTopics(); option != "" {
		p.Mistake("generator %q: %s is for topics; a generator has no records in the log", name, option)
	}
	spec.check(p, &scheduler.Node{})
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: scheduler.KindGenerator, Name: name, Delivery: scheduler.DeliverGenerator, Priority: spec.Priority, Params: spec.params(),
		},
		Policy: spec.Policy,
		Emits:  []flow.Port{flow.Emit[M]("")},
		Source: func(b *flow.Builder) (flow.Source, error) {
			return &generatorSource[M]{
				SourceBase: flow.NewSourceBase(b, spec.Order, spec.Policy), task: b.Task,
				seq: seq, eventTime: spec.EventTime, maxAhead: spec.Order.MaxAhead, ahead: spec.Ahead, down: flow.Down[M](b, ""),
			}, nil
		},
	})
}

// ofTopics returns an option that only inputs from topics can have; "" if none is set.
func (s *InputSpec[M]) ofTopics() string {
	switch {
	case s.Serde != nil:
		return "WithSerde"
	case s.Sample != nil:
		return "Sample"
	case s.Start != 0 || s.NoTime:
		return "a start"
	case s.OutOfRange != scheduler.OutOfRangeFail:
		return "OnOutOfRange"
	case s.Tombstones != flow.Skip:
		return "OnTombstone"
	case s.Bootstrap:
		return "Bootstrap"
	}
	return ""
}

// A generatorSource takes in the values of a generator. The goroutine of the sequence writes
// a slot before the loop gets the number of its value, and again after the loop has
// released it.
type generatorSource[M any] struct {
	flow.SourceBase
	task      *loop.Task
	seq       iter.Seq[M]
	eventTime func(M) time.Time
	maxAhead  time.Duration
	ahead     Ahead
	slots     [generate.Slots]M
	value     *M
	down      flow.Push[M]
}

// Run implements [generate.Sequence].
func (s *generatorSource[M]) Run(next func() (slot int, ok bool), stored func()) {
	for m := range s.seq {
		slot, ok := next()
		if !ok {
			return
		}
		if slot >= 0 {
			s.slots[slot] = m
			stored()
		}
	}
}

func (s *generatorSource[M]) Load(r *stream.Record) (int64, error) {
	s.value = &s.slots[r.Offset%generate.Slots]
	at := r.Time
	if s.eventTime != nil {
		at = loop.UnixMilli(s.eventTime(*s.value))
	}
	if err := s.ahead.check(at, s.task.Now(), s.maxAhead); err != nil {
		return 0, err
	}
	return s.Loaded(r, at), nil
}

func (s *generatorSource[M]) Process() error {
	s.Enter()
	return s.down(*s.value)
}
