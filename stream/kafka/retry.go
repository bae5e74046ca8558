package kafka

import (
	"context"
	"fmt"
	"time"
)

// Back-off between two tries of the same thing.
const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = time.Second
)

// backoff is the time to wait after so many failures in a row.
func backoff(failures int) time.Duration {
	return min(firstBackoff<<min(failures, 16), lastBackoff)
}

// retry calls try until it succeeds, fails for good, or has failed for as long as
// patience.
func retry(ctx context.Context, l Link, patience time.Duration, try func() error) error {
	began := l.Now()
	var before error
	for failures := 0; ; failures++ {
		err := try()
		if err == nil {
			return nil
		}
		if ended := ctx.Err(); ended != nil && before != nil {
			return fmt.Errorf("%w, after %w", ended, before)
		}
		if !temporary(err) {
			return err
		}
		before = err
		if waited := l.Now().Sub(began); waited >= patience {
			return fmt.Errorf("tried for %s: %w", waited.Round(time.Second), err)
		}
		if sleeping := l.Sleep(ctx, backoff(failures)); sleeping != nil {
			return fmt.Errorf("%w, after %w", sleeping, err)
		}
	}
}
