package kafka

import (
	"context"
	"sync"
	"sync/atomic"
)

// A life is a producer's, from its opening to its end: what runs for it, and what
// it has failed of. It is safe for concurrent use.
type life struct {
	link   Link
	ctx    context.Context // of all its exchanges
	cancel context.CancelFunc
	failed context.Context // done with what can't be mended
	over   context.CancelCauseFunc
	broken atomic.Bool // set just before failed is done

	mu    sync.Mutex
	tasks int
	quiet signal // given when no task runs
}

func newLife(l Link) *life {
	ctx, cancel := context.WithCancel(context.Background())
	failed, over := context.WithCancelCause(context.Background())
	return &life{link: l, ctx: ctx, cancel: cancel, failed: failed, over: over}
}

// context is of all exchanges: done when they are to end.
func (l *life) context() context.Context { return l.ctx }

// interrupt cancels what is under way.
func (l *life) interrupt() { l.cancel() }

// hasFailed tells whether there is a failure.
func (l *life) hasFailed() bool { return l.broken.Load() }

// run calls f in a goroutine that end waits for.
func (l *life) run(f func()) {
	l.mu.Lock()
	l.tasks++
	l.mu.Unlock()
	l.link.Run(func() {
		defer l.ended()
		f()
	})
}

func (l *life) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tasks--; l.tasks == 0 {
		l.quiet.give()
	}
}

// fail is called with what can't be mended. The first call counts.
func (l *life) fail(err error) {
	l.broken.Store(true)
	l.over(err)
}

// failure is what it has failed of, nil while all is well. Each record asks for it,
// and a context alone would take a tenth of a record's time to answer.
func (l *life) failure() error {
	if !l.broken.Load() {
		return nil
	}
	return context.Cause(l.failed)
}

// await waits until done is closed. It returns the failure if that comes first, or
// ctx's error.
func (l *life) await(ctx context.Context, done <-chan struct{}) error {
	err := l.link.Wait(ctx, done, l.failed.Done())
	if failed := l.failure(); failed != nil {
		return failed
	}
	return err
}

// end cancels what is under way, and waits for it.
func (l *life) end() {
	l.cancel()
	l.mu.Lock()
	quiet := l.quiet.when(l.tasks == 0)
	l.mu.Unlock()
	_ = l.link.Wait(context.Background(), quiet, nil)
}
