package nomadtest

import (
	"context"
	"errors"
	"time"
)

// pollInterval is how often it is asked whether what is waited for is so.
const pollInterval = 50 * time.Millisecond

// A finalError ends a poll.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// poll calls check until it returns nil or a finalError, and returns its last
// error when the time is over.
func poll(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error
	for {
		err := check(ctx)
		var final *finalError
		if err == nil || errors.As(err, &final) {
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
