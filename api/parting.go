package api

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container"
)

// A parting is what a process has been told of its end: that it won't be back. Who ends
// it may not know that: Nomad sends the same SIGTERM before a restart and for good. The
// zero value says nothing, and is safe for concurrent use.
type parting struct {
	end atomic.Pointer[time.Time] // nil: it was never told
}

// until has an end before a time be one for good.
func (p *parting) until(end time.Time) { p.end.Store(&end) }

// forGood tells whether an end is, at a time.
func (p *parting) forGood(now time.Time) bool {
	end := p.end.Load()
	return end != nil && now.Before(*end)
}

// of is a context that ends with another, and for the same reason, unless that is that
// the process will be back, and it won't. end ends it for good.
func (p *parting) of(ctx context.Context) (_ context.Context, end func()) {
	parted, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if errors.Is(cause, container.ErrBack) && p.forGood(time.Now()) {
			cause = nil
		}
		cancel(cause)
	})
	return parted, func() {
		forget()
		cancel(nil)
	}
}
