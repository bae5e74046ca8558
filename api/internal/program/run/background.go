package run

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/gretestream/grete/api/internal/program/feed"
	"github.com/gretestream/grete/container"
)

// A background is what happens beside the containers. The first function that fails
// stops the containers.
type background struct {
	work []func(context.Context) error // until the containers are stopped
	show []func(context.Context) error // until they have committed what they finished
}

// background returns what prints the outputs, and what writes to the inputs.
func (j *job) background(printers []*printer) *background {
	b := &background{}
	for _, p := range printers {
		b.show = append(b.show, func(ctx context.Context) error { return p.run(ctx, j.system) })
	}
	if j.sampling() {
		for _, s := range j.pipeline.Samples {
			b.work = append(b.work, func(ctx context.Context) error { return feed.Samples(ctx, j.system, s) })
		}
	}
	for _, f := range j.feeds {
		if j.whileRunning(f) {
			b.work = append(b.work, func(ctx context.Context) error { _, err := f.Run(ctx, j.system); return err })
		}
	}
	return b
}

// run runs an executor, and the background beside it.
func (b *background) run(ctx context.Context, executor container.Executor) error {
	showing, stopShowing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopShowing()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g errgroup.Group
	start := func(ctx context.Context, functions []func(context.Context) error) {
		for _, f := range functions {
			g.Go(func() error {
				err := f(ctx)
				if err == nil || errors.Is(err, context.Canceled) {
					return nil
				}
				cancel()
				return err
			})
		}
	}
	start(ctx, b.work)
	start(showing, b.show)
	err := executor.Run(ctx)
	cancel()
	stopShowing()
	failed := g.Wait()
	if failed != nil && errors.Is(err, context.Canceled) {
		err = nil // the failure stopped the containers
	}
	return errors.Join(err, failed)
}
