package api

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// keying is the function that a stream was keyed by.
type keying struct{ function unsafe.Pointer }

// keyingOf identifies a function by the address of what it closes over. Two
// function values with the same address are the same function with the same
// variables; top-level functions have one address each. (Other equal functions
// may differ in it, which only costs a repartition.)
func keyingOf[M, K any](f func(M) K) *keying {
	return &keying{*(*unsafe.Pointer)(unsafe.Pointer(&f))}
}

func (k *keying) same(other *keying) bool {
	return k != nil && other != nil && k.function == other.function
}

func partitionBy[M any, K comparable](s Stream[M], by *keying, name string, key func(M) K) KeyedStream[K, M] {
	s.app.named(name, "repartition")
	if key == nil {
		s.app.mistake(caller(), fmt.Errorf("repartition %q: the key function is missing", name))
	}
	keys, keyName := s.app.serdes.For[K]()
	values, valueName := s.app.serdes.For[M]()
	k := keyingOf(key)
	n := s.chained(scheduler.KindRepartition, name)
	n.Key, n.Value, n.SameKey = keyName, valueName, by.same(k)
	n.KeyShape, n.ValueShape = shapeOf(keys, keyName), shapeOf(values, valueName)
	id := record[M](s.app, node{
		Node: n,
		attach: func(b *builder, down any) (any, error) {
			if down != nil { // planned away
				return down, nil
			}
			out, err := b.task.Output(b.id)
			if err != nil {
				return nil, err
			}
			w := &repartitionWriter[M, K]{scope: b.scope, id: b.id, out: out, key: key, keys: keys, encode: serde.Appender(values)}
			w.headers[0] = stream.Header{Key: stream.TimeHeader, Value: w.time[:]}
			return push[M](w.write), nil
		},
		source: func(b *builder, down any) (source, error) {
			return &repartitionSource[M]{base: newBase(b), parse: serde.Parser(values), down: down.(push[M])}, nil
		},
	})
	return KeyedStream[K, M]{Stream[M]{s.app, id}, k}
}

// A repartitionWriter sends values to the partition of their key, with their
// event time.
type repartitionWriter[M any, K comparable] struct {
	scope  *scope
	id     int
	out    *container.Output
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
	w.scope.operator = w.id
	if w.keyBytes, err = w.keys.Append(w.keyBytes[:0], w.key(m)); err != nil {
		return fmt.Errorf("encoding the key: %w", err)
	}
	w.value = m
	if w.bytes, err = w.encode(w.bytes[:0], &w.value); err != nil {
		return fmt.Errorf("encoding the value: %w", err)
	}
	binary.BigEndian.PutUint64(w.time[:], uint64(w.scope.time))
	w.record = stream.Record{Key: w.keyBytes, Value: w.bytes, Headers: w.headers[:]}
	return w.out.Send(stream.PartitionOf(w.keyBytes, w.out.Partitions()), &w.record)
}

func keyError(key []byte, err error) error {
	return fmt.Errorf("the record's key %q can't be decoded: %w", key, err)
}
