package harnesstest

import (
	"context"
	"errors"
	"time"
)

// pollInterval is the time between two checks.
const pollInterval = 20 * time.Millisecond

// A FinalError makes [Poll] return immediately.
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }
func (e *FinalError) Unwrap() error { return e.Err }

// Poll calls check until it returns nil or a [FinalError]. After the timeout it
// returns the last error of check.
func Poll(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil || errors.As(err, new(*FinalError)) {
			return err
		}
		if ctx.Err() == nil || last == nil {
			last = err // keep the reason rather than the error of a cancelled check
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}
