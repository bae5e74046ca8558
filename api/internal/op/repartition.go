package op

import (
	"encoding/binary"
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// A RepartitionSpec is what a repartition needs to know besides its key.
type RepartitionSpec[M any] struct {
	Name    string
	SameKey bool           // the stream is already keyed so: the plan leaves the topic out
	Serde   serde.Serde[M] // of the values in the topic; nil: that of the type

	shape *shape.Shape // what the serde's values have in them; nil: it can't be looked into
}

// Repartition records an operator that sends records to the task that has their
// key, through a topic.
func Repartition[M any, K comparable](p *flow.Pipeline, from scheduler.Edge, spec RepartitionSpec[M], key func(M) K) scheduler.Edge {
	name := spec.Name
	p.Named(name, "repartition")
	if key == nil {
		p.Mistake("repartition %q: the key function is missing", name)
	}
	what := fmt.Sprintf("repartition %q", name)
	keys, values := keysOf[K](p, what), keptOf(p, spec.Serde, what)
	if spec.shape != nil {
		values.shape = spec.shape
	}
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: scheduler.KindRepartition, Name: name, From: []scheduler.Edge{from}, SameKey: spec.SameKey,
			Key: keys.name, KeyShape: keys.shape, Value: values.name, ValueShape: values.shape,
		},
		Emits: []flow.Port{flow.Emit[M]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			if !b.Leaves { // planned away
				flow.Take(b, "", flow.Down[M](b, ""))
				return nil, nil
			}
			w := &repartitionWriter[M, K]{scope: b.Scope, id: b.ID, out: b.Output(), key: key, keys: keys.Serde, encode: serde.Appender(values.Serde)}
			w.headers[0] = stream.Header{Key: stream.TimeHeader, Value: w.time[:]}
			flow.Take(b, "", w.write)
			return nil, nil
		},
		Source: func(b *flow.Builder) (flow.Source, error) {
			return &repartitionSource[M]{SourceBase: flow.NewSourceBase(b, flow.Order{}, p.PolicyOf(b.ID)), parse: serde.Parser(values.Serde), down: flow.Down[M](b, "")}, nil
		},
	})
}

// A repartitionWriter sends values to the partition of their key, with their
// event time.
type repartitionWriter[M any, K comparable] struct {
	scope  *flow.Scope
	id     int
	out    *loop.Output
	key    func(M) K
	keys   serde.Serde[K]
	encode func([]byte, *M) ([]byte, error)

	value    M
	bytes    []byte
	keyBytes []byte
	time     [8]byte
	headers  [1]stream.Header
	record   stream.Record
}

func (w *repartitionWriter[M, K]) write(m M) (err error) {
	w.scope.Operator = w.id
	if w.keyBytes, err = w.keys.Append(w.keyBytes[:0], w.key(m)); err != nil {
		return fmt.Errorf("encoding the key: %w", err)
	}
	w.value = m
	if w.bytes, err = w.encode(w.bytes[:0], &w.value); err != nil {
		return fmt.Errorf("encoding the value: %w", err)
	}
	binary.BigEndian.PutUint64(w.time[:], uint64(w.scope.Time))
	w.record = stream.Record{Key: w.keyBytes, Value: w.bytes, Headers: w.headers[:]}
	return w.out.Send(stream.PartitionOf(w.keyBytes, w.out.Partitions()), &w.record)
}

// A repartitionSource reads a repartition topic.
type repartitionSource[M any] struct {
	flow.SourceBase
	parse func([]byte, *M) error
	value M
	down  flow.Push[M]
}

func (s *repartitionSource[M]) Load(r *stream.Record) (int64, error) {
	at, ok := r.Header(stream.TimeHeader)
	if !ok || len(at) != 8 {
		return 0, fmt.Errorf("header %q with the event time is missing: another program has written to this topic, which is for Grete alone", stream.TimeHeader)
	}
	var zero M
	s.value = zero
	if err := s.parse(r.Value, &s.value); err != nil {
		return 0, err
	}
	ms := int64(binary.BigEndian.Uint64(at))
	if err := loop.CheckEventTime(ms, stream.NoTime); err != nil {
		return 0, err
	}
	return s.Loaded(r, ms), nil
}

func (s *repartitionSource[M]) Process() error {
	s.Enter()
	return s.down(s.value)
}
