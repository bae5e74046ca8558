package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/op/join"
)

// Joinable is what a stream can be joined with: another stream within a range of time
// ([KeyedStream.Within]), or a [Table].
type Joinable[K comparable, V any] interface{ joinable(K, V) }

// A JoinSide is a stream as the other side of a join, with the range of event time in which
// its records match.
type JoinSide[K comparable, V any] struct {
	stream KeyedStream[K, V]
	within join.Range
}

func (JoinSide[K, V]) joinable(K, V) {}

// Within makes the stream the other side of a join: its records match those whose event
// times differ by at most d.
func (s KeyedStream[K, M]) Within(d time.Duration) JoinSide[K, M] { return s.WithinRange(d, d) }

// WithinRange is Within with two bounds: the records of this stream match those of the
// stream that is joined with it if they happened at most before earlier and at most after
// later. Both bounds are inclusive.
func (s KeyedStream[K, M]) WithinRange(before, after time.Duration) JoinSide[K, M] {
	return JoinSide[K, M]{s, join.Range{Before: before, After: after}}
}

// Grace is how far behind the watermark a record of either side may be and still be joined.
// Records that match nothing come out later by the grace. It comes on top of the Disorder of
// the inputs.
func (j JoinSide[K, V]) Grace(d time.Duration) JoinSide[K, V] {
	j.within.Grace = d
	return j
}

// Join joins the stream with another one, by key and event time:
//
//	clicks.Join("attributed", impressions.Within(10*time.Minute), f)
//
// The result is f(m, o) for each pair of records that have the same key and match by time;
// see [KeyedStream.Within]. Its event time is the later one of the two. Records with equal
// values are joined each. The results don't depend on the order in which records arrive. A
// record that arrives late, see [JoinSide.Grace], isn't joined: it is counted, and [LateOf]
// has it.
//
// With a [Table], the result is f(m, v) for each record of this stream whose key has a row v
// in the table, with the record's event time:
//
//	views.Join("profiled", users, f)
//
// The row is the one that the table has when the record is processed. So these results depend
// on the order in which records arrive: a task takes the record with the lowest event time
// first, of its inputs that are joined, and of equal ones that of the table. The table doesn't
// hold the watermark back. See [Bootstrap].
//
// A join of streams keeps the records of both sides until the watermark says that nothing matches
// them any more. f must not change what it is given.
func (s KeyedStream[K, M]) Join[O, R any](name string, other Joinable[K, O], f func(M, O) R) KeyedStream[K, R] {
	if f == nil {
		return joinWith[K, M, O, R](s, name, join.Inner, other, nil)
	}
	return joinWith(s, name, join.Inner, other, func(m *M, o *O) R { return f(*m, *o) })
}

// LeftJoin is Join that also has a result for each record of this stream that matches
// nothing: f(m, nil), with the record's event time. With another stream, it comes when the
// watermark has passed the last time that could match, and the grace.
//
// What the pointer leads to is to read only, and valid until f returns.
func (s KeyedStream[K, M]) LeftJoin[O, R any](name string, other Joinable[K, O], f func(M, *O) R) KeyedStream[K, R] {
	if f == nil {
		return joinWith[K, M, O, R](s, name, join.Left, other, nil)
	}
	return joinWith(s, name, join.Left, other, func(m *M, o *O) R { return f(*m, o) })
}

// OuterJoin is Join of two streams that also has a result for each record of either stream
// that matches nothing: f(m, nil) or f(nil, o). See [KeyedStream.LeftJoin].
func (s KeyedStream[K, M]) OuterJoin[O, R any](name string, other Joinable[K, O], f func(*M, *O) R) KeyedStream[K, R] {
	return joinWith(s, name, join.Outer, other, f)
}

func joinWith[K comparable, M, O, R any](s KeyedStream[K, M], name string, kind join.Kind, other Joinable[K, O], f func(*M, *O) R) KeyedStream[K, R] {
	p := s.pipeline()
	failed := KeyedStream[K, R]{Stream: Stream[R]{s.app, s.edge}}
	if f == nil {
		p.Mistake("join %q: the function is missing", name)
		return failed
	}
	switch o := other.(type) {
	case JoinSide[K, O]:
		if o.stream.app != s.app {
			p.Mistake("join %q: the streams belong to different apps", name)
			return failed
		}
		edge := join.Streams[K](p, s.edge, o.stream.edge, join.StreamsSpec{Name: name, Kind: kind, Range: o.within}, f)
		return KeyedStream[K, R]{Stream: Stream[R]{s.app, edge}}
	case Table[K, O]:
		if o.app != s.app {
			p.Mistake("join %q: the stream and the table belong to different apps", name)
			return failed
		}
		return KeyedStream[K, R]{Stream: Stream[R]{s.app, join.Table(p, s.edge, o.edge, name, kind, f)}}
	}
	p.Mistake("join %q: the other side is missing: it is a table, or a stream with Within", name)
	return failed
}

// LateOf is the stream of the records of type M that arrived too late at a join of streams,
// of either side:
//
//	late := api.LateOf[Click](joined)
func LateOf[M any, K comparable, R any](joined KeyedStream[K, R]) Stream[M] {
	edge := join.Late[M](joined.pipeline(), joined.edge)
	return Stream[M]{joined.app, edge}
}
