package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
)

// A Resource is a value of the user's, such as a client or a model, that each container
// opens for its operators.
type Resource struct {
	Name string
	At   string // file and line of the user's call
	// Open returns a pointer to the value.
	Open func(ctx context.Context) (any, error)
	// Close closes what Open has returned.
	Close func(value any) error
}

// AddResource records a resource, and returns its number.
func (p *Pipeline) AddResource(r Resource) int {
	p.resources = append(p.resources, r)
	return len(p.resources) - 1
}

// HasResource reports whether a resource has this name.
func (p *Pipeline) HasResource(name string) bool {
	return slices.ContainsFunc(p.resources, func(r Resource) bool { return r.Name == name })
}

// ResourceName returns the name of a resource.
func (p *Pipeline) ResourceName(number int) string { return p.resources[number].Name }

// ResourceOf returns the value of a resource in the container of the operator's task. The
// node has its number in Resources. It is valid while the operator is.
func ResourceOf[T any](b *Builder, number int) T {
	return *b.Task.Resources().(*resources).values[number].(*T)
}

// resources are those of one container.
type resources struct {
	pipeline *Pipeline
	values   map[int]any
	opened   []int // in this order
}

// Open implements [loop.Program]. It opens what the nodes of the stage use, in the order of
// recording.
func (p program) Open(ctx context.Context, stage *scheduler.Stage) (loop.Resources, error) {
	r := &resources{pipeline: p.Pipeline, values: make(map[int]any)}
	for number := range p.resources {
		used := slices.ContainsFunc(stage.Nodes, func(id int) bool { return slices.Contains(p.Node(id).Resources, number) })
		if !used {
			continue
		}
		if err := r.open(ctx, number); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

func (r *resources) open(ctx context.Context, number int) error {
	of := &r.pipeline.resources[number]
	var value any
	err := guarded(func() (err error) {
		value, err = of.Open(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("resource %q at %s can't be opened: %w", of.Name, of.At, err)
	}
	r.values[number] = value
	r.opened = append(r.opened, number)
	return nil
}

// Close closes all that are open, the last one first. It may be called again.
func (r *resources) Close() error {
	var errs []error
	for _, number := range slices.Backward(r.opened) {
		of := &r.pipeline.resources[number]
		if err := guarded(func() error { return of.Close(r.values[number]) }); err != nil {
			errs = append(errs, fmt.Errorf("closing resource %q at %s: %w", of.Name, of.At, err))
		}
	}
	r.opened = nil
	return errors.Join(errs...)
}

// guarded calls a function of the user's, and makes an error of a panic.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = loop.NewPanicError(v)
		}
	}()
	return f()
}
