package api

import (
	"time"
	"unsafe"

	"github.com/gretestream/grete/api/internal/op"
)

// A KeyedStream is a [Stream] whose records have a key, by which they are
// partitioned. Operators that may change a record and say nothing about its key
// (Map, FlatMap) return a plain Stream.
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

// MapWithKey is MapValues with a function that gets the key as well.
func (s KeyedStream[K, M]) MapWithKey[R any](f func(K, M) R) KeyedStream[K, R] {
	return KeyedStream[K, R]{Stream: Stream[R]{s.app, op.MapWithKey(s.pipeline(), s.edge, f)}}
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
func (s KeyedStream[K, M]) PartitionBy[J comparable](name string, key func(M) J, opts ...RepartitionOption[M]) KeyedStream[J, M] {
	return partitionBy(s.Stream, s.by, name, key, opts)
}

// Count keeps the number of records of each key.
func (s KeyedStream[K, M]) Count(name string) Table[K, int64] {
	return foldTable(s, name, folding("count", func(n int64, _ M, _ bool) int64 { return n + 1 }, nil))
}

// Fold keeps a value for each key. It starts at the zero value; each record makes
// the next value of it, f(value, m).
func (s KeyedStream[K, M]) Fold[A any](name string, f func(A, M) A, o ...FoldOption[A]) Table[K, A] {
	return foldTable(s, name, folding("fold", func(a A, m M, _ bool) A { return f(a, m) }, o))
}

// Reduce keeps a record for each key: at first the first one, then f(kept, m) for
// each further one.
func (s KeyedStream[K, M]) Reduce(name string, f func(M, M) M) Table[K, M] {
	return foldTable(s, name, folding("reduce", func(a, m M, existed bool) M {
		if !existed {
			return m
		}
		return f(a, m)
	}, nil))
}

// Latest keeps the last record of each key. The last one is that which arrives last; event
// time has no say in it.
func (s KeyedStream[K, M]) Latest(name string, o ...FoldOption[M]) Table[K, M] {
	f := folding("latest", func(_, m M, _ bool) M { return m }, o)
	return Table[K, M]{s.app, op.Table[K](s.pipeline(), s.edge, name, f)}
}

// DedupBy drops the records of a key that repeat an id: of those with one id, the
// first passes, and the others are dropped as long as their event time is less than
// ttl after the first one's. After that the next one passes, and so on.
//
// The ids are state: a restart forgets none. An id is forgotten when the watermark
// has passed its ttl, so a duplicate that is later than that passes.
func (s KeyedStream[K, M]) DedupBy[D comparable](name string, id func(M) D, ttl time.Duration) KeyedStream[K, M] {
	return KeyedStream[K, M]{Stream[M]{s.app, op.Dedup[K](s.pipeline(), s.edge, name, id, ttl)}, s.by}
}

// CombineLatest joins the latest record of this stream with the latest one of
// another, by key. At most once in every interval it sends f(m, o) for each key of
// which either stream had a record since; a side without a record yet is nil. f
// must not change or keep what the pointers lead to.
//
// The interval is one of the container's clock, so which records are combined
// depends on when the job runs; the last result of a key is always that of its last
// records. The event time of a result is that of its latest record.
func (s KeyedStream[K, M]) CombineLatest[O, R any](name string, other KeyedStream[K, O], every time.Duration, f func(m *M, o *O) R) KeyedStream[K, R] {
	if other.app != s.app {
		s.pipeline().Mistake("operator %q: the streams belong to different apps", name)
		return KeyedStream[K, R]{Stream: Stream[R]{s.app, s.edge}}
	}
	return KeyedStream[K, R]{Stream: Stream[R]{s.app, op.CombineLatest[K](s.pipeline(), s.edge, other.edge, name, every, f)}}
}

// keying is the function that a stream was keyed by.
type keying struct{ function unsafe.Pointer }

// keyingOf identifies a function by the address of its closure. Function values of
// one address are the same function with the same variables; a top-level function
// has one address. Other equal functions may differ, which only costs a
// repartition.
func keyingOf[M, K any](f func(M) K) *keying {
	return &keying{*(*unsafe.Pointer)(unsafe.Pointer(&f))}
}

func (k *keying) same(other *keying) bool {
	return k != nil && other != nil && k.function == other.function
}

func partitionBy[M any, K comparable](s Stream[M], by *keying, name string, key func(M) K, opts []RepartitionOption[M]) KeyedStream[K, M] {
	k := keyingOf(key)
	spec := op.RepartitionSpec[M]{Name: name, SameKey: by.same(k)}
	for _, o := range opts {
		o.apply(&spec)
	}
	return KeyedStream[K, M]{Stream[M]{s.app, op.Repartition(s.pipeline(), s.edge, spec, key)}, k}
}

// A RepartitionOption is a setting of a PartitionBy.
type RepartitionOption[M any] struct{ apply func(*op.RepartitionSpec[M]) }

// RepartitionSerde sets how the values are encoded in the topic of a PartitionBy.
func RepartitionSerde[M any](s Serde[M]) RepartitionOption[M] {
	return RepartitionOption[M]{func(r *op.RepartitionSpec[M]) { r.Serde = s }}
}
