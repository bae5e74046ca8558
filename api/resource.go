package api

import (
	"context"

	"github.com/gretestream/grete/api/internal/op"
)

// A Resource is a value that functions of the pipeline use and that isn't state: a client of
// a database, a model, a cache. See [App.Resource].
type Resource[T any] struct {
	app    *App
	number int
	name   string
}

// Resource records a value that each container opens before its first record, and closes
// after its last one. Only containers whose operators use it open it. Functions get it from
// operators such as [Stream.TryMapWith].
//
// A container closes its resources in the reverse of the order in which it has opened them,
// which is that of recording. After a failure from which a container goes on by itself, it
// closes and opens them again. If open returns an error or panics, the job stops.
//
// Each container has a value of its own, which only one goroutine uses at a time. ctx ends
// when the job is told to stop, so it is for opening only.
func (a *App) Resource[T any](name string, open func(ctx context.Context) (T, error), closers ...func(T) error) Resource[T] {
	return Resource[T]{a, op.Resource(&a.pipeline, name, open, closers), name}
}

// TryMapWith is [Stream.TryMap] with a function that uses a [Resource].
func (s Stream[M]) TryMapWith[T, R any](name string, with Resource[T], f func(T, M) (R, error), p ...ErrorPolicy) Stream[R] {
	if with.app != s.app {
		s.pipeline().Mistake("operator %q: resource %q belongs to another app; make it with the Resource method of this one", name, with.name)
		return Stream[R](s)
	}
	return Stream[R]{s.app, op.TryMapWith(s.pipeline(), s.edge, name, with.number, f, lastPolicy(p))}
}
