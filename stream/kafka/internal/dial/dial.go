package dial

import (
	"context"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gretestream/grete/stream"
)

// bootstrap is an address that stands for all those that the user gave. kafka-go would try
// them one after the other, within the timeout of one.
type bootstrap struct{}

func (bootstrap) Network() string { return "bootstrap" }
func (bootstrap) String() string  { return "bootstrap" }

// dial is called by kafka-go when it has no idle connection.
func (t *Transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.Context(), cancel)()
	var c net.Conn
	var err error
	if network == (bootstrap{}).Network() {
		c, err = t.dialAny(ctx)
	} else {
		c, err = t.handshaker.connect(ctx, address, t.track)
	}
	if err != nil {
		return nil, err
	}
	return &guard{Conn: c, shapes: &t.handshaker.shapes}, nil
}

// stagger is the head start of each address over the next one.
const stagger = 250 * time.Millisecond

// dialAny returns the first connection to any of the given brokers. An unresponsive
// address delays it by stagger only.
func (t *Transport) dialAny(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	order := rand.Perm(len(t.brokers))
	results := make(chan dialResult)
	var failures connectErrors
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-next.C:
			if len(order) == 0 {
				continue
			}
			if err := t.start(ctx, t.brokers[order[0]], results); err != nil {
				return nil, err
			}
			order = order[1:]
			next.Reset(stagger)
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if failures = append(failures, r.err); len(failures) == len(t.brokers) {
				return nil, failures
			}
			next.Reset(0)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

type dialResult struct {
	conn net.Conn
	err  error
}

// start connects to one address. A connection that comes too late is closed.
func (t *Transport) start(ctx context.Context, address string, results chan<- dialResult) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return stream.ErrClosed
	}
	t.Run(func() {
		c, err := t.handshaker.connect(ctx, address, t.track)
		select {
		case results <- dialResult{c, err}:
		case <-ctx.Done():
			if c != nil {
				_ = c.Close() // another was faster
			}
		}
	})
	return nil
}
