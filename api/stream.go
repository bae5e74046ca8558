package api

import (
	"fmt"
	"iter"

	"github.com/gretestream/grete/scheduler"
)

// A Stream is the records of type M at one place of the pipeline. It is a small
// value; using it twice sends every record both ways.
type Stream[M any] struct {
	app  *App
	node int
}

// Map returns the stream of f(m) for every m.
func (s Stream[M]) Map[R any](f func(M) R) Stream[R] {
	return Stream[R]{s.app, recordMap(s, f)}
}

// TryMap is Map with a function that can fail. An error stops the job, or, with
// [Skip], leaves that one out and counts it.
func (s Stream[M]) TryMap[R any](name string, f func(M) (R, error), p ...ErrorPolicy) Stream[R] {
	s.app.named(name, "operator")
	return Stream[R]{s.app, recordTryMap(s, name, f, p)}
}

// FlatMap returns the stream of all that f(m) yields, for every m.
func (s Stream[M]) FlatMap[R any](f func(M) iter.Seq[R]) Stream[R] {
	return Stream[R]{s.app, recordFlatMap(s, f)}
}

// Filter keeps the records for which f is true.
func (s Stream[M]) Filter(f func(M) bool) Stream[M] {
	return Stream[M]{s.app, recordFilter(s, f)}
}

// Peek calls f with every record and passes it on.
func (s Stream[M]) Peek(f func(M)) Stream[M] {
	return Stream[M]{s.app, recordPeek(s, f)}
}

// Merge returns the records of all the streams. Order is kept within each.
func (s Stream[M]) Merge(others ...Stream[M]) Stream[M] {
	from := []scheduler.Edge{{Node: s.node}}
	for _, o := range others {
		if o.app != s.app {
			s.app.mistake(caller(), fmt.Errorf("merge: the streams belong to different apps"))
			return s
		}
		from = append(from, scheduler.Edge{Node: o.node})
	}
	return Stream[M]{s.app, recordMerge[M](s.app, from)}
}

// PartitionBy sends the stream through a topic of its own, so that records of one
// key meet in one task. A stream that is keyed by the very same function already
// stays where it is.
func (s Stream[M]) PartitionBy[K comparable](name string, key func(M) K) KeyedStream[K, M] {
	return partitionBy(s, nil, name, key)
}

// Apply puts a reusable piece of pipeline in.
func (s Stream[M]) Apply[R any](f func(Stream[M]) Stream[R]) Stream[R] {
	return f(s)
}

// To writes the stream to a topic, with the keys that its records have. It is
// created if there is none.
func (s Stream[M]) To(topic string, opts ...OutputOption[M]) {
	recordOutput(s, topic, opts)
}

// chained describes an operator that gets its records from s.
func (s Stream[M]) chained(kind scheduler.Kind, name string) scheduler.Node {
	return scheduler.Node{Kind: kind, Name: name, From: []scheduler.Edge{{Node: s.node}}}
}
