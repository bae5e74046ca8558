package kafka

import (
	"context"
	"sync"
	"sync/atomic"
)

// A life is a producer's, from its opening to its end: what runs for it, and what
// it has failed of. It is safe for concurrent use.
type life struct {
	link   link
	ctx    context.Context // of all its exchanges
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	failed atomic.Pointer[error]
	over   chan struct{} // closed when it has failed
}

func newLife(l link) *life {
	ctx, cancel := context.WithCancel(context.Background())
	return &life{link: l, ctx: ctx, cancel: cancel, over: make(chan struct{})}
}

// run calls f in a goroutine that end waits for.
func (l *life) run(f func()) {
	l.tasks.Add(1)
	l.link.run(func() {
		defer l.tasks.Done()
		f()
	})
}

// fail is called with what can't be mended. The first call counts.
func (l *life) fail(err error) {
	if l.failed.CompareAndSwap(nil, &err) {
		close(l.over)
	}
}

// failure is what it has failed of, nil while all is well.
func (l *life) failure() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// await waits until done is closed. It returns the failure if that comes first, or
// ctx's error.
func (l *life) await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return l.failure()
	case <-l.over:
		return l.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end cancels what is under way, and waits for it.
func (l *life) end() {
	l.cancel()
	l.tasks.Wait()
}

// A signal tells those who wait that there is nothing to be done. It is guarded by
// its owner's lock.
type signal struct{ waiting chan struct{} }

// when returns a channel that is closed once the signal is given; at once if
// quiet.
func (s *signal) when(quiet bool) <-chan struct{} {
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	c := s.waiting
	if quiet {
		s.give()
	}
	return c
}

func (s *signal) give() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
