package api

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// start runs the containers, and beside them what feeds and shows, until the
// containers end.
func (r *run) start(ctx context.Context) error {
	r.admission = newAdmission(r.stages())
	executor, err := r.executor(ctx)
	if err != nil {
		return err
	}
	// What shows goes on until the containers have committed what they finished,
	// also if they are asked to stop.
	showing, stopShowing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopShowing()
	ctx, cancel := context.WithCancel(ctx)
	beside := new(errgroup.Group)
	r.startBeside(ctx, showing, beside, cancel)
	err = executor.Run(ctx)
	cancel()
	stopShowing()
	failed := beside.Wait()
	if failed != nil && errors.Is(err, context.Canceled) {
		err = nil // they were stopped for that
	}
	err = errors.Join(err, failed)
	if err == nil && r.Once {
		r.summarise()
	}
	return err
}

// startBeside starts what shows, until showing is done, and samples and standard
// input, until ctx is. The first that fails stops the containers.
func (r *run) startBeside(ctx, showing context.Context, g *errgroup.Group, cancel func()) {
	run := func(f func() error) {
		g.Go(func() error {
			err := f()
			if err == nil || errors.Is(err, context.Canceled) {
				return nil
			}
			cancel()
			return err
		})
	}
	if !r.supervises() {
		plan := r.planned
		run(func() error { return r.record(ctx, plan) })
	}
	if r.console.errIsTerminal && !r.supervises() {
		run(func() error { return r.progress(showing) })
	}
	for _, p := range r.printers {
		run(func() error { return p.run(showing, r.system) })
	}
	if r.sampling() {
		for _, s := range r.app.samples {
			run(func() error { return writeSamples(ctx, r.system, s) })
		}
	}
	for _, f := range r.feeds {
		if f.file == standardInput && !r.Once {
			run(func() error { _, err := f.run(ctx, r.system); return err })
		}
	}
}
