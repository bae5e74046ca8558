package run

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container"
)

// A notice is a shutdown notice: the process won't be back. Whatever stops the process
// may not know that: Nomad sends the same SIGTERM before a restart and for good. The
// zero value is no notice. It is safe for concurrent use.
type notice struct {
	end atomic.Pointer[time.Time] // nil: none was given
}

// set makes a shutdown before a time one for good.
func (n *notice) set(end time.Time) { n.end.Store(&end) }

// forGood reports whether a shutdown at a time is for good.
func (n *notice) forGood(now time.Time) bool {
	end := n.end.Load()
	return end != nil && now.Before(*end)
}

// apply returns a context that ends with ctx and for the same reason, except that
// [container.ErrBack], the process will be back, doesn't hold after a notice. leave ends
// the context for good.
func (n *notice) apply(ctx context.Context) (_ context.Context, leave func()) {
	noticed, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if errors.Is(cause, container.ErrBack) && n.forGood(time.Now()) {
			cause = nil
		}
		cancel(cause)
	})
	return noticed, func() {
		forget()
		cancel(nil)
	}
}
