package op

import (
	"context"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// Resource records a resource, and returns its number.
func Resource[T any](p *flow.Pipeline, name string, open func(context.Context) (T, error), closers []func(T) error) int {
	switch err := scheduler.ValidName(name); {
	case err != nil:
		p.Mistake("resource %q: %w", name, err)
	case p.HasResource(name):
		p.Mistake("resource %q: another resource has this name already", name)
	case open == nil:
		p.Mistake("resource %q: the function that opens it is nil", name)
	}
	return p.AddResource(flow.Resource{
		Name: name,
		At:   flow.Caller(),
		Open: func(ctx context.Context) (any, error) {
			value, err := open(ctx)
			return &value, err
		},
		Close: func(value any) error {
			for _, end := range closers {
				if err := end(*value.(*T)); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// TryMapWith is [TryMap] with a function that gets the value of a resource as well.
func TryMapWith[T, M, R any](p *flow.Pipeline, from scheduler.Edge, name string, resource int, f func(T, M) (R, error), policy flow.Policy) scheduler.Edge {
	p.Named(name, "operator")
	n := step("map", from)
	n.Name = name
	n.Params = []scheduler.Param{{Name: "resource", Value: p.ResourceName(resource), Affects: scheduler.AffectsDisplay}}
	return p.Add(flow.Node{
		Node:      n,
		Emits:     []flow.Port{flow.Emit[R]("")},
		Resources: []int{resource},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			with := flow.ResourceOf[T](b, resource)
			flow.Take(b, "", tryMap(b, func(m M) (R, error) { return f(with, m) }, policy))
			return nil, nil
		},
	})
}
