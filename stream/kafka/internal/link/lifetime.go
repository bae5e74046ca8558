package link

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Lifetime spans a producer or a membership, from opening to closing: it has the
// goroutines that run for it, and the error that it failed with. It is safe for concurrent
// use.
type Lifetime struct {
	link   Link
	ctx    context.Context // of all exchanges
	cancel context.CancelFunc
	failed context.Context // done once Fail is called
	over   context.CancelCauseFunc
	broken atomic.Bool // set just before failed is done

	mu      sync.Mutex
	running int
	idle    Signal // given when no goroutine runs
}

// NewLifetime starts a lifetime on a link.
func NewLifetime(l Link) *Lifetime {
	ctx, cancel := context.WithCancel(context.Background())
	failed, over := context.WithCancelCause(context.Background())
	return &Lifetime{link: l, ctx: ctx, cancel: cancel, failed: failed, over: over}
}

// Context returns the context of all exchanges.
func (l *Lifetime) Context() context.Context { return l.ctx }

// Cancel cancels all exchanges.
func (l *Lifetime) Cancel() { l.cancel() }

// HasFailed reports whether Failure returns an error. It is inlined: the producer calls it
// per record.
func (l *Lifetime) HasFailed() bool { return l.broken.Load() }

// Go calls f in a goroutine that End waits for.
func (l *Lifetime) Go(f func()) {
	l.mu.Lock()
	l.running++
	l.mu.Unlock()
	l.link.Run(func() {
		defer l.done()
		f()
	})
}

func (l *Lifetime) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running--; l.running == 0 {
		l.idle.Give()
	}
}

// Fail records an error that nothing recovers from. Only the first one counts.
func (l *Lifetime) Fail(err error) {
	l.broken.Store(true)
	l.over(err)
}

// Failure returns the error passed to Fail, or nil. A context alone would answer in a
// tenth of the time that a record takes, so a flag comes first.
func (l *Lifetime) Failure() error {
	if !l.broken.Load() {
		return nil
	}
	return context.Cause(l.failed)
}

// Await waits until done is closed. It returns the failure if that comes first, or ctx's
// error.
func (l *Lifetime) Await(ctx context.Context, done <-chan struct{}) error {
	err := l.link.Wait(ctx, done, l.failed.Done())
	if failed := l.Failure(); failed != nil {
		return failed
	}
	return err
}

// End cancels all exchanges, and waits for the goroutines.
func (l *Lifetime) End() {
	l.cancel()
	l.mu.Lock()
	quiet := l.idle.Done(l.running == 0)
	l.mu.Unlock()
	_ = l.link.Wait(context.Background(), quiet, nil)
}
