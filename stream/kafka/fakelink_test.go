package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// A fakeLink is a link to brokers that are a function of the test. Its clock is
// that of package time: within testing/synctest hours pass at once.
type fakeLink struct {
	// serve is called for each exchange, in its goroutine. The answer to a
	// wire.Request is the request itself, set. ctx ends with the exchange's timeout.
	serve func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error)

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

func newFakeLink(serve func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error)) *fakeLink {
	l := &fakeLink{serve: serve}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *fakeLink) Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error) {
	if l.ctx.Err() != nil {
		return nil, stream.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	answer, err := l.serve(ctx, node, req)
	if err != nil {
		return nil, &UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: err}
	}
	return answer, nil
}

func (l *fakeLink) Run(f func()) { l.tasks.Go(f) }

func (l *fakeLink) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ctx.Done():
		return stream.ErrClosed
	case <-timer.C:
		return nil
	}
}

func (l *fakeLink) Wait(ctx context.Context, done, over <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *fakeLink) Now() time.Time { return time.Now() }

func (l *fakeLink) Close() error {
	l.cancel()
	l.tasks.Wait()
	return nil
}
