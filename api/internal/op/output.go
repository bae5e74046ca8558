package op

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// An OutputSpec is what the options of an output have set.
type OutputSpec[M any] struct {
	Serde serde.Serde[M] // nil: that of the type
	Key   OutputKey[M]   // nil: records keep the key that they have
}

// An OutputKey gives the records of an output a key, by the serdes of a pipeline.
type OutputKey[M any] func(*flow.Pipeline) keyOf[M]

// keyOf appends the encoded key of a record.
type keyOf[M any] struct {
	append func(m M, dst []byte) ([]byte, error)
	name   string
	shape  *shape.Shape
}

// KeyedBy returns the key f(m) of each record.
func KeyedBy[M, K any](f func(M) K) OutputKey[M] {
	return func(p *flow.Pipeline) keyOf[M] {
		keys := keysOf[K](p, "output key")
		return keyOf[M]{func(m M, dst []byte) ([]byte, error) { return keys.Append(dst, f(m)) }, keys.name, keys.shape}
	}
}

// Output records an operator that writes to a topic.
func Output[M any](p *flow.Pipeline, from scheduler.Edge, topic string, spec OutputSpec[M]) {
	if err := scheduler.ValidName(topic); err != nil {
		p.Mistake("output topic %q: %w", topic, err)
	}
	values := codingOf(p, spec.Serde)
	var key keyOf[M]
	if spec.Key != nil {
		key = spec.Key(p)
	}
	p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: scheduler.KindOutput, Topic: topic, From: []scheduler.Edge{from},
			Key: key.name, KeyShape: key.shape, Value: values.name, ValueShape: values.shape,
		},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			w := &outputWriter[M]{scope: b.Scope, id: b.ID, out: b.Output(), encode: serde.Appender(values.Serde), key: key.append}
			flow.Take(b, "", w.write)
			return nil, nil
		},
	})
}

// An outputWriter encodes values and sends them to a topic. Its buffers are
// reused for each record: Send copies.
type outputWriter[M any] struct {
	scope  *flow.Scope
	id     int
	out    *loop.Output
	encode func([]byte, *M) ([]byte, error)
	key    func(M, []byte) ([]byte, error) // nil: the record keeps its key

	value    M // here, since a pointer to an argument would have it allocated
	bytes    []byte
	keyBytes []byte
	record   stream.Record
}

func (w *outputWriter[M]) write(m M) (err error) {
	w.scope.Operator = w.id
	w.value = m
	if w.bytes, err = w.encode(w.bytes[:0], &w.value); err != nil {
		return fmt.Errorf("encoding the value: %w", err)
	}
	key := w.scope.Key
	if w.key != nil {
		if w.keyBytes, err = w.key(m, w.keyBytes[:0]); err != nil {
			return fmt.Errorf("encoding the key: %w", err)
		}
		key = w.keyBytes
	}
	// A record without a key stays with its partition, so that order is kept.
	partition := w.scope.Partition % w.out.Partitions()
	if key != nil {
		partition = stream.PartitionOf(key, w.out.Partitions())
	}
	w.record = stream.Record{Key: key, Value: w.bytes}
	return w.out.Send(partition, &w.record)
}
