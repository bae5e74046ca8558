package api

import (
	"iter"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// A Stream is the records of type M at one place of the pipeline. It is a small
// value. Using it twice sends every record both ways.
type Stream[M any] struct {
	app  *App
	edge scheduler.Edge
}

func (s Stream[M]) pipeline() *flow.Pipeline { return &s.app.pipeline }

// Map returns the stream of f(m) for every m.
func (s Stream[M]) Map[R any](f func(M) R) Stream[R] {
	return Stream[R]{s.app, op.Map(s.pipeline(), s.edge, f)}
}

// TryMap is Map with a function that can fail. An error stops the job; with
// [Skip], it leaves that record out and counts it.
func (s Stream[M]) TryMap[R any](name string, f func(M) (R, error), p ...ErrorPolicy) Stream[R] {
	return Stream[R]{s.app, op.TryMap(s.pipeline(), s.edge, name, f, lastPolicy(p))}
}

// FlatMap returns the stream of all that f(m) yields, for every m.
func (s Stream[M]) FlatMap[R any](f func(M) iter.Seq[R]) Stream[R] {
	return Stream[R]{s.app, op.FlatMap(s.pipeline(), s.edge, f)}
}

// Filter keeps the records for which f is true.
func (s Stream[M]) Filter(f func(M) bool) Stream[M] {
	return Stream[M]{s.app, op.Filter(s.pipeline(), s.edge, f)}
}

// Peek calls f with every record and passes it on.
func (s Stream[M]) Peek(f func(M)) Stream[M] {
	return Stream[M]{s.app, op.Peek(s.pipeline(), s.edge, f)}
}

// Merge returns the records of all the streams. Order is kept within each.
func (s Stream[M]) Merge(others ...Stream[M]) Stream[M] {
	from := []scheduler.Edge{s.edge}
	for _, o := range others {
		if o.app != s.app {
			s.pipeline().Mistake("merge: the streams belong to different apps")
			return s
		}
		from = append(from, o.edge)
	}
	return Stream[M]{s.app, op.Merge[M](s.pipeline(), from)}
}

// PartitionBy sends the stream through a topic of its own, so that the records of
// one key meet in one task. A stream that is already keyed by the very same
// function stays where it is.
func (s Stream[M]) PartitionBy[K comparable](name string, key func(M) K, opts ...RepartitionOption[M]) KeyedStream[K, M] {
	return partitionBy(s, nil, name, key, opts)
}

// Apply returns f(s): a reusable piece of a pipeline.
func (s Stream[M]) Apply[R any](f func(Stream[M]) Stream[R]) Stream[R] {
	return f(s)
}

// To writes the stream to a topic, with the keys that its records have. The topic
// is created if it doesn't exist.
func (s Stream[M]) To(topic string, opts ...OutputOption[M]) {
	var spec op.OutputSpec[M]
	for _, o := range opts {
		o.apply(&spec)
	}
	op.Output(s.pipeline(), s.edge, topic, spec)
}
