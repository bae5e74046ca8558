package link

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// A Link is all that the protocol logic of this package knows of the world:
// brokers that answer requests, and a clock. The real one is a [transport];
// beneath the same logic a test can put another, in which brokers are slow, die,
// and answer twice.
type Link interface {
	// Exchange sends a request to a broker, or to any of them with AnyBroker, and
	// returns its answer; of a wire.Request that is the request itself, with its
	// answer set. It takes as long as the broker does, but not longer than timeout
	// besides what the request allows the broker to wait. After an error it isn't
	// known whether the broker has carried the request out, and its memory must not
	// be used again: it may still be read, and written to.
	Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error)
	// Run calls f in a goroutine that Close waits for.
	Run(f func())
	// Sleep returns after d, or with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
	// Wait returns when one of the channels is closed (one that is nil never is), or
	// with ctx's error.
	Wait(ctx context.Context, done, over <-chan struct{}) error
	Now() time.Time
	// Close ends all exchanges, with an error, and waits for what runs.
	Close() error
}

// A Message is a request, or its answer.
type Message = protocol.Message

// AnyBroker stands for whichever answers.
const AnyBroker = -1

// RequestTimeout is how long a broker may take over a request that isn't made to
// wait. It is beyond the time in which a broker replaces a dead one.
const RequestTimeout = 20 * time.Second
