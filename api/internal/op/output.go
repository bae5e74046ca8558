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

// Output records an operator that writes a stream to a topic.
func Output[M any](p *flow.Pipeline, from scheduler.Edge, topic string, spec OutputSpec[M]) {
	output(p, from, topic, spec, func(b *flow.Builder, w *outputWriter[M]) { flow.Take(b, "", w.write) })
}

// TableOutput records an operator that writes a table to a topic: each new value, and a
// record without a value for a row that is deleted.
func TableOutput[M any](p *flow.Pipeline, table scheduler.Edge, topic string, spec OutputSpec[M]) {
	if spec.Key != nil {
		p.Mistake("output topic %q: a table is written with its own keys, so that deleted rows can be told; read its Updates to give them others", topic)
	}
	output(p, table, topic, spec, func(b *flow.Builder, w *outputWriter[M]) {
		flow.TakeRows(b, "", flow.Rows[M]{New: w.writeRow})
	})
}

func output[M any](p *flow.Pipeline, from scheduler.Edge, topic string, spec OutputSpec[M], take func(*flow.Builder, *outputWriter[M])) {
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
			take(b, &outputWriter[M]{
				scope: b.Scope, id: b.ID, out: b.Output(), encode: serde.Appender(values.Serde), key: key.append,
				bytes: []byte{}, // an empty value isn't a tombstone, as nil would be
			})
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
	return w.send(key, w.bytes)
}

// writeRow writes a row of a table; nil: it is deleted.
func (w *outputWriter[M]) writeRow(v *M) error {
	if v != nil {
		return w.write(*v)
	}
	w.scope.Operator = w.id
	return w.send(w.scope.Key, nil)
}

func (w *outputWriter[M]) send(key, value []byte) error {
	// A record without a key stays with its partition, so that order is kept.
	partition := w.scope.Partition % w.out.Partitions()
	if key != nil {
		partition = stream.PartitionOf(key, w.out.Partitions())
	}
	w.record = stream.Record{Key: key, Value: value}
	return w.out.Send(partition, &w.record)
}
