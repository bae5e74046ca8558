package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// A link is how a process reaches the brokers: it is beneath the client of
// stream/kafka what sockets and the clock are in the world out there.
type link struct {
	process *Process
	ended   bool
	threads int
}

// An exchange is a request on its way there and back.
type exchange struct {
	answer *kafkasim.Reply
	err    error // the connection broke
}

// Exchange sends a request over the simulated network.
func (l *link) Exchange(ctx context.Context, node int32, req kafka.Message, timeout time.Duration) (kafka.Message, error) {
	if l.ended {
		return nil, stream.ErrClosed
	}
	w := l.process.sim.World
	x := &exchange{}
	node = l.process.sim.network.send(l.process, node, req, x)
	w.wait(timeout, func() bool { return x.answer != nil || x.err != nil || ctx.Err() != nil || l.ended })
	switch {
	case l.ended:
		x.err = stream.ErrClosed
	case ctx.Err() != nil:
		x.err = context.Cause(ctx)
	case x.answer != nil:
		return x.answer.Deliver(req), nil
	case x.err == nil:
		x.err = fmt.Errorf("no answer within %s", timeout)
	}
	return nil, &kafka.UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: x.err}
}

// Run starts a thread of the process.
func (l *link) Run(f func()) {
	l.threads++
	l.process.sim.World.start(l.process, func() {
		defer func() { l.threads-- }()
		f()
	})
}

// Sleep lets d pass.
func (l *link) Sleep(ctx context.Context, d time.Duration) error {
	w := l.process.sim.World
	if d > 0 {
		w.wait(d, func() bool { return ctx.Err() != nil || l.ended })
	}
	if l.ended {
		return stream.ErrClosed
	}
	return ctx.Err()
}

// Wait waits for a channel to be closed.
func (l *link) Wait(ctx context.Context, done, over <-chan struct{}) error {
	come := func() bool { return closed(done) || closed(over) }
	if !come() && ctx.Err() == nil {
		l.process.sim.World.wait(0, func() bool { return come() || ctx.Err() != nil })
	}
	if come() {
		return nil
	}
	return ctx.Err()
}

// Now is for durations: those are right, whatever becomes of the process's clock.
func (l *link) Now() time.Time { return l.process.sim.World.now }

// Close ends all exchanges, and waits for the threads.
func (l *link) Close() error {
	l.ended = true
	if l.threads > 0 {
		l.process.sim.World.wait(0, func() bool { return l.threads == 0 })
	}
	return nil
}

var errReset = errors.New("connection reset by peer")
