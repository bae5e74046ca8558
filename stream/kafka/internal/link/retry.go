package link

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// Bounds of the pause between two attempts.
const (
	FirstBackoff = 50 * time.Millisecond
	lastBackoff  = time.Second
)

// Backoff returns the pause after so many failures in a row.
func Backoff(failures int) time.Duration {
	return min(FirstBackoff<<min(failures, 16), lastBackoff)
}

// StallAfter is how long a failure lasts before it is logged.
const StallAfter = 2 * time.Second

// longestTry bounds what one attempt counts for. An attempt lasts longer only where the
// process was suspended, which uses up no patience.
const longestTry = RequestTimeout

// Retry calls try until it succeeds, fails for good, or has failed for as long as
// patience.
func Retry(ctx context.Context, l Link, patience time.Duration, try func() error) error {
	var waited time.Duration
	var before error
	last := l.Now()
	for failures := 0; ; failures++ {
		err := try()
		if err == nil {
			return nil
		}
		if ended := ctx.Err(); ended != nil && before != nil {
			return fmt.Errorf("%w, after %w", ended, before)
		}
		if !kerr.Temporary(err) {
			return err
		}
		before = err
		now := l.Now()
		waited += min(now.Sub(last), longestTry)
		last = now
		if waited >= patience {
			return fmt.Errorf("tried for %s: %w", waited.Round(time.Second), err)
		}
		if sleeping := l.Sleep(ctx, Backoff(failures)); sleeping != nil {
			return fmt.Errorf("%w, after %w", sleeping, err)
		}
	}
}
