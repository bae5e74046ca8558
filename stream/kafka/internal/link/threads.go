package link

import (
	"context"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// Threads implements the half of a Link that isn't about brokers: goroutines that Close
// waits for, and the clock of this process. Create one with NewThreads; it is safe for
// concurrent use.
type Threads struct {
	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// NewThreads returns Threads without any goroutine.
func NewThreads() *Threads {
	t := new(Threads)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// Context is done when Close is called.
func (t *Threads) Context() context.Context { return t.ctx }

// Run calls f in a goroutine that Close waits for.
func (t *Threads) Run(f func()) { t.tasks.Go(f) }

// Sleep returns after d, or with ctx's error, or with [stream.ErrClosed].
func (t *Threads) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.ctx.Done():
		return stream.ErrClosed
	case <-timer.C:
		return nil
	}
}

// Wait returns when one of the channels is closed, or with ctx's error.
func (t *Threads) Wait(ctx context.Context, done, over <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Now is the time.
func (t *Threads) Now() time.Time { return time.Now() }

// Close ends what sleeps, and waits for all that runs.
func (t *Threads) Close() error {
	t.cancel()
	t.tasks.Wait()
	return nil
}
