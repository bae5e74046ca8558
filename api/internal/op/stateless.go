package op

import (
	"iter"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// The operators that look at one record at a time. Each notes that it runs before
// it calls the user's function, so that an error or a panic names it.

// stateless records an operator that takes records of type M and sends some of
// type R. take returns what takes a record, given what comes after the operator.
func stateless[M, R any](p *flow.Pipeline, n scheduler.Node, take func(b *flow.Builder, down flow.Push[R]) flow.Push[M]) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  n,
		Emits: []flow.Port{flow.Emit[R]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			flow.Take(b, "", take(b, flow.Down[R](b, "")))
			return nil, nil
		},
	})
}

// step is the node of an operator without a name that has one input.
func step(kind scheduler.Kind, from scheduler.Edge) scheduler.Node {
	return scheduler.Node{Kind: kind, From: []scheduler.Edge{from}}
}

// Map records an operator that sends f(m) for each m.
func Map[M, R any](p *flow.Pipeline, from scheduler.Edge, f func(M) R) scheduler.Edge {
	return stateless(p, step("map", from), func(b *flow.Builder, down flow.Push[R]) flow.Push[M] {
		sc, id := b.Scope, b.ID
		return func(m M) error {
			sc.Operator = id
			return down(f(m))
		}
	})
}

// MapWithKey is Map with a function that gets the key as well.
func MapWithKey[K comparable, M, R any](p *flow.Pipeline, from scheduler.Edge, f func(K, M) R) scheduler.Edge {
	keys := keysOf[K](p, "MapWithKey")
	return stateless(p, step("map", from), func(b *flow.Builder, down flow.Push[R]) flow.Push[M] {
		sc, id := b.Scope, b.ID
		return func(m M) error {
			sc.Operator = id
			k, err := keys.Parse(sc.Key)
			if err != nil {
				return keyError(sc.Key, err)
			}
			return down(f(k, m))
		}
	})
}

// TryMap is Map with a function that can fail.
func TryMap[M, R any](p *flow.Pipeline, from scheduler.Edge, name string, f func(M) (R, error), policy flow.Policy) scheduler.Edge {
	p.Named(name, "operator")
	n := step("map", from)
	n.Name = name
	return stateless(p, n, func(b *flow.Builder, _ flow.Push[R]) flow.Push[M] { return tryMap(b, f, policy) })
}

func tryMap[M, R any](b *flow.Builder, f func(M) (R, error), policy flow.Policy) flow.Push[M] {
	sc, id, task, counts, down := b.Scope, b.ID, b.Task, b.Counts(), flow.Down[R](b, "")
	return func(m M) error {
		sc.Operator = id
		r, err := f(m)
		if err == nil {
			return down(r)
		}
		if policy != flow.Skip {
			return err
		}
		task.Skipped(counts, err)
		return nil
	}
}

// FlatMap records an operator that sends all that f(m) yields.
func FlatMap[M, R any](p *flow.Pipeline, from scheduler.Edge, f func(M) iter.Seq[R]) scheduler.Edge {
	return stateless(p, step("flatmap", from), func(b *flow.Builder, down flow.Push[R]) flow.Push[M] {
		sc, id := b.Scope, b.ID
		return func(m M) error {
			sc.Operator = id
			for r := range f(m) {
				if err := down(r); err != nil {
					return err
				}
				sc.Operator = id
			}
			return nil
		}
	})
}

// Filter records an operator that sends the records for which f is true.
func Filter[M any](p *flow.Pipeline, from scheduler.Edge, f func(M) bool) scheduler.Edge {
	return stateless(p, step("filter", from), func(b *flow.Builder, down flow.Push[M]) flow.Push[M] {
		sc, id := b.Scope, b.ID
		return func(m M) error {
			sc.Operator = id
			if !f(m) {
				return nil
			}
			return down(m)
		}
	})
}

// Peek records an operator that calls f with each record and sends it on.
func Peek[M any](p *flow.Pipeline, from scheduler.Edge, f func(M)) scheduler.Edge {
	return stateless(p, step("peek", from), func(b *flow.Builder, down flow.Push[M]) flow.Push[M] {
		sc, id := b.Scope, b.ID
		return func(m M) error {
			sc.Operator = id
			f(m)
			return down(m)
		}
	})
}

// Merge records an operator that sends the records of several streams.
func Merge[M any](p *flow.Pipeline, from []scheduler.Edge) scheduler.Edge {
	return stateless(p, scheduler.Node{Kind: "merge", From: from}, func(_ *flow.Builder, down flow.Push[M]) flow.Push[M] { return down })
}
