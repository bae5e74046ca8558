package op

import (
	"errors"
	"iter"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// DefaultMaxAhead is how far ahead of the clock a record of an input may move the
// watermark, unless an option sets another bound.
const DefaultMaxAhead = time.Hour

// An InputSpec is what the options of an input have set.
type InputSpec[M any] struct {
	EventTime func(M) time.Time // nil: when the record was produced
	Order     flow.Order
	Policy    flow.Policy
	// Ahead says what becomes of records further ahead than Order.MaxAhead.
	Ahead Ahead
	// Tombstones says what becomes of records without a value: Skip drops them.
	Tombstones flow.Policy
	Serde      serde.Serde[M] // nil: that of the type
	Sample     func() iter.Seq[M]

	Start      int64 // as scheduler.Input has it
	NoTime     bool  // the time to start at is the zero time
	OutOfRange scheduler.OutOfRange
	Bootstrap  bool
	Priority   int
}

// KeyedInput is [Input] of records that are keyed by K.
func KeyedInput[K comparable, M any](p *flow.Pipeline, node scheduler.Node, spec InputSpec[M]) scheduler.Edge {
	keys := keysOf[K](p, "input")
	node.Key, node.KeyShape = keys.name, keys.shape
	return Input(p, node, spec)
}

// Input records an input, given a node that says which topics it reads.
func Input[M any](p *flow.Pipeline, node scheduler.Node, spec InputSpec[M]) scheduler.Edge {
	return input(p, node, spec, flow.Emit[M](""), func(b *flow.Builder, s topicSource[M]) flow.Source {
		s.down = flow.Down[M](b, "")
		return &s
	})
}

// input records an input. source completes the source of its records.
func input[M any](p *flow.Pipeline, node scheduler.Node, spec InputSpec[M], port flow.Port, source func(*flow.Builder, topicSource[M]) flow.Source) scheduler.Edge {
	spec.check(p, &node)
	values := codingOf(p, spec.Serde)
	node.Value, node.ValueShape, node.Params = values.name, values.shape, spec.params()
	node.Start, node.OutOfRange = spec.Start, spec.OutOfRange
	node.Bootstrap, node.Priority = spec.Bootstrap, spec.Priority
	if spec.Sample != nil {
		p.Samples = append(p.Samples, spec.sample(firstTopic(node), values))
	}
	return p.Add(flow.Node{
		Node:   node,
		Policy: spec.Policy,
		Emits:  []flow.Port{port},
		Source: func(b *flow.Builder) (flow.Source, error) {
			return source(b, topicSource[M]{
				check:      keyCheck{partition: b.Task.ID, partitions: b.Joined},
				SourceBase: flow.NewSourceBase(b, spec.Order, spec.Policy), task: b.Task,
				parse: serde.Parser(values.Serde), eventTime: spec.EventTime, maxAhead: spec.Order.MaxAhead, ahead: spec.Ahead,
				keyed: node.Key != "", tombstones: spec.Tombstones,
			}), nil
		},
	})
}

// check reports options that make no sense for an input.
func (s *InputSpec[M]) check(p *flow.Pipeline, node *scheduler.Node) {
	if s.NoTime {
		p.Mistake("StartAt has no time: it is the zero time.Time")
	}
	if s.Order.Disorder < 0 {
		p.Mistake("the disorder %v of an input is negative", s.Order.Disorder)
	}
	if s.Order.MaxAhead < 0 {
		p.Mistake("the MaxAhead %v of an input is negative; 0 switches it off", s.Order.MaxAhead)
	}
	if s.Ahead != AheadBounds && s.Order.MaxAhead == 0 {
		p.Mistake("OnAhead has no effect, as MaxAhead(0) sets no bound")
	}
	if s.Sample != nil && node.Pattern != "" {
		p.Mistake("input %q: a sample needs a topic, and a pattern names none; read the topic with From", node.Name)
	}
}

func (s *InputSpec[M]) params() []scheduler.Param {
	params := []scheduler.Param{{Name: "disorder", Value: s.Order.Disorder.String(), Affects: scheduler.AffectsResults}}
	if s.Order.MaxAhead != DefaultMaxAhead {
		params = append(params, scheduler.Param{Name: "max-ahead", Value: s.Order.MaxAhead.String(), Affects: scheduler.AffectsResults})
	}
	if s.Ahead != AheadBounds {
		params = append(params, scheduler.Param{Name: "on-ahead", Value: s.Ahead.String(), Affects: scheduler.AffectsResults})
	}
	if s.Tombstones != flow.Skip {
		params = append(params, scheduler.Param{Name: "on-tombstone", Value: "fail", Affects: scheduler.AffectsResults})
	}
	if s.Policy == flow.Skip {
		params = append(params, scheduler.Param{Name: "on-error", Value: "skip", Affects: scheduler.AffectsResults})
	}
	if s.Start > 0 {
		at := time.UnixMilli(s.Start).UTC().Format(time.RFC3339Nano)
		params = append(params, scheduler.Param{Name: "start", Value: at, Affects: scheduler.AffectsDisplay})
	}
	return params
}

func firstTopic(n scheduler.Node) string {
	if len(n.Topics) > 0 {
		return n.Topics[0]
	}
	return n.Topic
}

var (
	errTombstone = errors.New("the record has no value (a tombstone), and OnTombstone says to fail")
	errNoKey     = errors.New("the record has no key, but the stream is keyed: read it with From and key it with PartitionBy")
)

// A topicSource reads an input topic.
type topicSource[M any] struct {
	flow.SourceBase
	task      *loop.Task
	parse     func([]byte, *M) error
	eventTime func(M) time.Time
	maxAhead  time.Duration
	ahead     Ahead
	keyed     bool
	check     keyCheck
	// tombstones says what becomes of records without a value.
	tombstones flow.Policy
	value      M
	down       flow.Push[M]
}

func (s *topicSource[M]) Load(r *stream.Record) (int64, error) {
	if r.Value == nil && s.tombstones == flow.Skip {
		return 0, loop.ErrTombstone
	}
	if r.Value == nil {
		return 0, errTombstone
	}
	if s.keyed && r.Key == nil {
		return 0, errNoKey
	}
	if s.keyed && s.check.partitions > 1 {
		if err := s.check.check(r.Key); err != nil {
			return 0, err
		}
	}
	var zero M
	s.value = zero
	if err := s.parse(r.Value, &s.value); err != nil {
		return 0, err
	}
	at := r.Time
	if s.eventTime != nil {
		at = loop.UnixMilli(s.eventTime(s.value))
	}
	if err := s.ahead.check(at, s.task.Now(), s.maxAhead); err != nil {
		return 0, err
	}
	return s.Loaded(r, at), nil
}

func (s *topicSource[M]) Process() error {
	s.Enter()
	return s.down(s.value)
}
