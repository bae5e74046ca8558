package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// An Aggregate computes a result of type R from records of type M. It keeps a value of type
// A for each window and key, and may keep elements besides, in stores of their own.
type Aggregate[K comparable, M, A, R any] struct {
	Name   string         // what the plan calls it
	Serde  serde.Serde[A] // of the value in its store; nil: that of the type
	Older  []op.Upgrade[A]
	Merges bool // two values can be merged
	// Elements describes the stores of elements; nil: there are none.
	Elements func(p *flow.Pipeline, node, what string, keys op.Coding[K]) []scheduler.StoreSpec
	// Build makes the aggregator of a task. store is the number of the first store of
	// elements among those of the node.
	Build func(b *flow.Builder, store int) (Aggregator[M, A, R], error)
}

// An Aggregator is an aggregate in one task.
type Aggregator[M, A, R any] interface {
	// Add adds a record to a value, which is new unless it existed.
	Add(a *A, existed bool, r *Added, m M) error
	// Merge adds the second value to the first, which may change in place.
	Merge(a *A, b *A)
	// Result returns the result of the value of a key's times [from, to).
	Result(a *A, key []byte, from, to int64) (R, error)
	// Forget removes the elements of a key's times [from, to).
	Forget(key []byte, from, to int64) error
}

// Added says where a record is added.
type Added struct {
	Key      []byte
	Time     int64 // event time
	From, To int64 // the window's times: [From, To)
	// First: no other window keeps the record's element.
	First bool
	// At is the time by which the element is found: the first one that is in the same windows.
	// Elements at [At, Until) are in the same windows, too.
	At, Until int64
}

// plain is an aggregator without elements.
type plain[M, A, R any] struct {
	step   func(a A, m M, existed bool) A
	merge  func(a, b A) A
	result func(A) R
}

func (p *plain[M, A, R]) Add(a *A, existed bool, _ *Added, m M) error {
	*a = p.step(*a, m, existed)
	return nil
}

func (p *plain[M, A, R]) Merge(a, b *A) { *a = p.merge(*a, *b) }

func (p *plain[M, A, R]) Result(a *A, _ []byte, _, _ int64) (R, error) { return p.result(*a), nil }

func (p *plain[M, A, R]) Forget([]byte, int64, int64) error { return nil }

// Fold returns an aggregate that has the next value of the last one and the record, by f.
// merge merges two values, and may change the first one; nil: they can't be merged.
func Fold[K comparable, M, A, R any](f op.Fold[M, A], merge func(a, b A) A, result func(A) R) Aggregate[K, M, A, R] {
	return Aggregate[K, M, A, R]{
		Name: f.Name, Serde: f.Serde, Older: f.Older, Merges: merge != nil,
		Build: func(*flow.Builder, int) (Aggregator[M, A, R], error) {
			return &plain[M, A, R]{f.Step, merge, result}, nil
		},
	}
}
