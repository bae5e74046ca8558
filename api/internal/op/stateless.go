package op

import (
	"iter"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// The operators that look at one record at a time. Each notes that it runs before
// it calls the user's function, so that an error or a panic names it.

// Map records an operator that sends f(m) for each m.
func Map[M, R any](p *flow.Pipeline, from scheduler.Edge, f func(M) R) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "map", From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[R]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[R](b, ""), b.Scope, b.ID
			flow.Take(b, "", func(m M) error {
				sc.Operator = id
				return down(f(m))
			})
			return nil, nil
		},
	})
}

// MapWithKey is Map with a function that gets the key as well.
func MapWithKey[K comparable, M, R any](p *flow.Pipeline, from scheduler.Edge, f func(K, M) R) scheduler.Edge {
	keys := codingOf[K](p, nil)
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "map", From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[R]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[R](b, ""), b.Scope, b.ID
			flow.Take(b, "", func(m M) error {
				sc.Operator = id
				k, err := keys.Parse(sc.Key)
				if err != nil {
					return keyError(sc.Key, err)
				}
				return down(f(k, m))
			})
			return nil, nil
		},
	})
}

// TryMap is Map with a function that can fail.
func TryMap[M, R any](p *flow.Pipeline, from scheduler.Edge, name string, f func(M) (R, error), policy flow.Policy) scheduler.Edge {
	p.Named(name, "operator")
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "map", Name: name, From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[R]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[R](b, ""), b.Scope, b.ID
			task, counts := b.Task, b.Counts()
			flow.Take(b, "", func(m M) error {
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
			})
			return nil, nil
		},
	})
}

// FlatMap records an operator that sends all that f(m) yields.
func FlatMap[M, R any](p *flow.Pipeline, from scheduler.Edge, f func(M) iter.Seq[R]) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "flatmap", From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[R]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[R](b, ""), b.Scope, b.ID
			flow.Take(b, "", func(m M) error {
				sc.Operator = id
				for r := range f(m) {
					if err := down(r); err != nil {
						return err
					}
					sc.Operator = id
				}
				return nil
			})
			return nil, nil
		},
	})
}

// Filter records an operator that sends the records for which f is true.
func Filter[M any](p *flow.Pipeline, from scheduler.Edge, f func(M) bool) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "filter", From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[M]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[M](b, ""), b.Scope, b.ID
			flow.Take(b, "", func(m M) error {
				sc.Operator = id
				if !f(m) {
					return nil
				}
				return down(m)
			})
			return nil, nil
		},
	})
}

// Peek records an operator that calls f with each record and sends it on.
func Peek[M any](p *flow.Pipeline, from scheduler.Edge, f func(M)) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "peek", From: []scheduler.Edge{from}},
		Emits: []flow.Port{flow.Emit[M]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			down, sc, id := flow.Down[M](b, ""), b.Scope, b.ID
			flow.Take(b, "", func(m M) error {
				sc.Operator = id
				f(m)
				return down(m)
			})
			return nil, nil
		},
	})
}

// Merge records an operator that sends the records of several streams.
func Merge[M any](p *flow.Pipeline, from []scheduler.Edge) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "merge", From: from},
		Emits: []flow.Port{flow.Emit[M]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			flow.Take(b, "", flow.Down[M](b, ""))
			return nil, nil
		},
	})
}
