package harnesstest

import (
	"context"
	"errors"
	"time"
)

// pollInterval is how often it is asked whether what is waited for is so.
const pollInterval = 20 * time.Millisecond

// A FinalError ends a [Poll].
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }
func (e *FinalError) Unwrap() error { return e.Err }

// Poll calls check until it returns nil or a [FinalError], and returns its last
// error when the time is over.
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
			last = err // not that of a question that was cut off by the end
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}
