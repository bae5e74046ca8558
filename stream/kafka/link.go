package kafka

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// A link is all that the protocol logic of this package knows of the world:
// brokers that answer requests, and a clock. The real one is a [transport];
// beneath the same logic a test can put another, in which brokers are slow, die,
// and answer twice.
type link interface {
	// exchange sends a request to a broker, or to any of them with anyBroker, and
	// returns its answer; of a wire.Request that is the request itself, with its
	// answer set. It takes as long as the broker does, but not longer than timeout
	// besides what the request allows the broker to wait. After an error it isn't
	// known whether the broker has carried the request out, and its memory must not
	// be used again: it may still be read, and written to.
	exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error)
	// run calls f in a goroutine that close waits for.
	run(f func())
	// sleep returns after d, or with ctx's error.
	sleep(ctx context.Context, d time.Duration) error
	now() time.Time
	// close ends all exchanges, with an error, and waits for what runs.
	close() error
}

// anyBroker stands for whichever answers.
const anyBroker = -1

// requestTimeout is how long a broker may take over a request that isn't made to
// wait. It is beyond the time in which a broker replaces a dead one.
const requestTimeout = 20 * time.Second
