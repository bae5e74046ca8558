package container

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// RunAll is the executor of this process: it runs all the containers, each in a
// goroutine of its own, until ctx is done or their bounded run has ended. The
// first that fails stops the others, which commit what they have finished.
func RunAll(ctx context.Context, containers []Config) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, cfg := range containers {
		group.Go(func() error { return Run(ctx, cfg) })
	}
	return group.Wait()
}
