package link

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Lifetime is a producer's, from its opening to its end: what runs for it, and what
// it has failed of. It is safe for concurrent use.
type Lifetime struct {
	link   Link
	ctx    context.Context // of all its exchanges
	cancel context.CancelFunc
	failed context.Context // done with what can't be mended
	over   context.CancelCauseFunc
	broken atomic.Bool // set just before failed is done

	mu      sync.Mutex
	running int
	idle    Signal // given when no task runs
}

func NewLifetime(l Link) *Lifetime {
	ctx, cancel := context.WithCancel(context.Background())
	failed, over := context.WithCancelCause(context.Background())
	return &Lifetime{link: l, ctx: ctx, cancel: cancel, failed: failed, over: over}
}

// Context is of all exchanges: done when they are to end.
func (l *Lifetime) Context() context.Context { return l.ctx }

// Cancel cancels what is under way.
func (l *Lifetime) Cancel() { l.cancel() }

// HasFailed tells whether there is a failure.
func (l *Lifetime) HasFailed() bool { return l.broken.Load() }

// Go calls f in a goroutine that end waits for.
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

// Fail is called with what can't be mended. The first call counts.
func (l *Lifetime) Fail(err error) {
	l.broken.Store(true)
	l.over(err)
}

// Failure is what it has failed of, nil while all is well. Each record asks for it,
// and a context alone would take a tenth of a record's time to answer.
func (l *Lifetime) Failure() error {
	if !l.broken.Load() {
		return nil
	}
	return context.Cause(l.failed)
}

// Await waits until done is closed. It returns the failure if that comes first, or
// ctx's error.
func (l *Lifetime) Await(ctx context.Context, done <-chan struct{}) error {
	err := l.link.Wait(ctx, done, l.failed.Done())
	if failed := l.Failure(); failed != nil {
		return failed
	}
	return err
}

// End cancels what is under way, and waits for it.
func (l *Lifetime) End() {
	l.cancel()
	l.mu.Lock()
	quiet := l.idle.Done(l.running == 0)
	l.mu.Unlock()
	_ = l.link.Wait(context.Background(), quiet, nil)
}
