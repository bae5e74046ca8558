package api

import "github.com/gretestream/grete/scheduler"

// A KeyedStream is a [Stream] whose records have a key, by which they are
// partitioned. Operators that may change what a record is, but say nothing of
// its key (Map, FlatMap), lead to a plain Stream.
type KeyedStream[K comparable, M any] struct {
	Stream[M]
	by *keying // what it was keyed by, while its records are unchanged
}

// Filter keeps the records for which f is true.
func (s KeyedStream[K, M]) Filter(f func(M) bool) KeyedStream[K, M] {
	return KeyedStream[K, M]{s.Stream.Filter(f), s.by}
}

// Peek calls f with every record and passes it on.
func (s KeyedStream[K, M]) Peek(f func(M)) KeyedStream[K, M] {
	return KeyedStream[K, M]{s.Stream.Peek(f), s.by}
}

// MapValues returns the stream of f(m) for every m, under the same key.
func (s KeyedStream[K, M]) MapValues[R any](f func(M) R) KeyedStream[K, R] {
	return KeyedStream[K, R]{Stream: s.Stream.Map(f)}
}

// MapWithKey is MapValues with a function that gets the key too.
func (s KeyedStream[K, M]) MapWithKey[R any](f func(K, M) R) KeyedStream[K, R] {
	return KeyedStream[K, R]{Stream: Stream[R]{s.app, recordMapWithKey(s, f)}}
}

// Merge returns the records of all the streams. Order is kept within each.
func (s KeyedStream[K, M]) Merge(others ...KeyedStream[K, M]) KeyedStream[K, M] {
	by := s.by
	var plain []Stream[M]
	for _, o := range others {
		plain = append(plain, o.Stream)
		if !by.same(o.by) {
			by = nil
		}
	}
	return KeyedStream[K, M]{s.Stream.Merge(plain...), by}
}

// PartitionBy re-keys the stream; see [Stream.PartitionBy].
func (s KeyedStream[K, M]) PartitionBy[J comparable](name string, key func(M) J) KeyedStream[J, M] {
	return partitionBy(s.Stream, s.by, name, key)
}

// Window groups the stream by key and time.
func (s KeyedStream[K, M]) Window(name string, w Window) WindowedStream[K, M] {
	s.app.named(name, "window")
	w.check(s.app, name)
	return WindowedStream[K, M]{stream: s, name: name, window: w, at: caller()}
}

// Count keeps the number of records of each key.
func (s KeyedStream[K, M]) Count(name string) Table[K, int64] {
	return foldTable(s, name, "count", func(n int64, _ M, _ bool) int64 { return n + 1 })
}

// Fold keeps a value for each key: f of the former value, at first the zero value,
// and the record.
func (s KeyedStream[K, M]) Fold[A any](name string, f func(A, M) A) Table[K, A] {
	return foldTable(s, name, "fold", func(a A, m M, _ bool) A { return f(a, m) })
}

// Reduce keeps a record for each key: the first, and then f of the former one and
// the next.
func (s KeyedStream[K, M]) Reduce(name string, f func(M, M) M) Table[K, M] {
	return foldTable(s, name, "reduce", func(a, m M, existed bool) M {
		if !existed {
			return m
		}
		return f(a, m)
	})
}

// A Table is the latest value of each key, kept in a store.
type Table[K comparable, V any] struct {
	app  *App
	node int
}

// Updates is the stream of the table's values, one each time that a value is set.
func (t Table[K, V]) Updates() KeyedStream[K, V] {
	return KeyedStream[K, V]{Stream: Stream[V](t)}
}

// To writes the table's updates to a topic, keyed as the table is.
func (t Table[K, V]) To(topic string) { t.Updates().To(topic) }

// tableNode describes the operator that keeps a table.
func tableNode[K comparable, M any](s KeyedStream[K, M], name, how string, store scheduler.StoreSpec) scheduler.Node {
	s.app.named(name, "table")
	n := s.chained(kindTable, name)
	n.Stores = []scheduler.StoreSpec{store}
	n.Params = []scheduler.Param{{Name: "keeps", Value: how, Affects: scheduler.AffectsState}}
	return n
}
