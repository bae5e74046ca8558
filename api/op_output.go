package api

import (
	"fmt"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// An OutputOption says something of an output.
type OutputOption[M any] struct{ apply func(*output[M]) }

type output[M any] struct {
	serdes  *serde.Registry
	serde   Serde[M] // nil: that of its type
	key     func(M, []byte) ([]byte, error)
	keyName string

	keyShape *shape.Shape
}

// KeyedBy gives the records of an output a key, by which they are partitioned
// there.
func KeyedBy[M, K any](f func(M) K) OutputOption[M] {
	return OutputOption[M]{func(o *output[M]) {
		keys, name := o.serdes.For[K]()
		o.keyName, o.keyShape = name, shapeOf(keys, name)
		o.key = func(m M, dst []byte) ([]byte, error) { return keys.Append(dst, f(m)) }
	}}
}

// OutputSerde sets how the records' values are encoded in an output.
func OutputSerde[M any](s Serde[M]) OutputOption[M] {
	return OutputOption[M]{func(o *output[M]) { o.serde = s }}
}

func recordOutput[M any](s Stream[M], topic string, opts []OutputOption[M]) {
	o := output[M]{serdes: &s.app.serdes}
	for _, opt := range opts {
		opt.apply(&o)
	}
	valueName := o.find()
	if err := scheduler.ValidName(topic); err != nil {
		s.app.mistake(caller(), topicError("output", topic, err))
	}
	n := s.chained(scheduler.KindOutput, "")
	n.Topic, n.Key, n.Value = topic, o.keyName, valueName
	n.KeyShape, n.ValueShape = o.keyShape, shapeOf(o.serde, valueName)
	record[M](s.app, node{
		Node: n,
		attach: func(b *builder, _ any) (any, error) {
			out, err := b.task.Output(b.id)
			if err != nil {
				return nil, err
			}
			w := &outputWriter[M]{scope: b.scope, id: b.id, out: out, encode: serde.Appender(o.serde), key: o.key}
			return push[M](w.write), nil
		},
	})
}

// find finds the serde, unless the user gave one, and returns its name.
func (o *output[M]) find() (name string) {
	if o.serde != nil {
		return o.serdes.Add(o.serde)
	}
	o.serde, name = o.serdes.For[M]()
	return name
}

// An outputWriter encodes values and sends them to a topic. Its buffers are
// used again for each record: a Send copies.
type outputWriter[M any] struct {
	scope  *scope
	id     int
	out    *container.Output
	encode func([]byte, *M) ([]byte, error)
	key    func(M, []byte) ([]byte, error) // nil: the record keeps its key

	value    M // here, since a pointer to an argument would have it allocated
	bytes    []byte
	keyBytes []byte
	record   stream.Record
}

func (w *outputWriter[M]) write(m M) (err error) {
	w.scope.operator = w.id
	w.value = m
	if w.bytes, err = w.encode(w.bytes[:0], &w.value); err != nil {
		return fmt.Errorf("encoding the value: %w", err)
	}
	key := w.scope.key
	if w.key != nil {
		if w.keyBytes, err = w.key(m, w.keyBytes[:0]); err != nil {
			return fmt.Errorf("encoding the key: %w", err)
		}
		key = w.keyBytes
	}
	// A record without a key stays with its partition, so that order is kept.
	partition := w.scope.partition % w.out.Partitions()
	if key != nil {
		partition = stream.PartitionOf(key, w.out.Partitions())
	}
	w.record = stream.Record{Key: key, Value: w.bytes}
	return w.out.Send(partition, &w.record)
}
