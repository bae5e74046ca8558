package linktest

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Link is a link to brokers that are a function of the test. Its clock is
// that of package time: within testing/synctest hours pass at once.
type Link struct {
	*link.Threads
	// Serve is called for each exchange, in its goroutine. The answer to a
	// wire.Request is the request itself, set. ctx ends with the exchange's timeout.
	Serve func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error)
}

// New returns a link whose exchanges serve answers; see [Link.Serve].
func New(serve func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error)) *Link {
	return &Link{Threads: link.NewThreads(), Serve: serve}
}

// Exchange implements [link.Link].
func (l *Link) Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error) {
	if l.Context().Err() != nil {
		return nil, stream.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer context.AfterFunc(l.Context(), cancel)()
	answer, err := l.Serve(ctx, node, req)
	if err != nil {
		return nil, &kerr.UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: err}
	}
	return answer, nil
}
