package api

import (
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// A Table is the latest value of each key, kept in a store.
type Table[K comparable, V any] struct {
	app  *App
	edge scheduler.Edge
}

// Updates is the stream of the table's values: one each time that a value is set.
func (t Table[K, V]) Updates() KeyedStream[K, V] {
	return KeyedStream[K, V]{Stream: Stream[V](t)}
}

// To writes the table's updates to a topic, keyed as the table is.
func (t Table[K, V]) To(topic string) { t.Updates().To(topic) }

func foldTable[K comparable, M, A any](s KeyedStream[K, M], name, how string, step func(a A, m M, existed bool) A) Table[K, A] {
	return Table[K, A]{s.app, op.Table[K](s.pipeline(), s.edge, name, how, step)}
}
