package link

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// A Link is everything that the client knows of the world: brokers that answer requests,
// and a clock. The real one is dial.Transport. A simulation has one whose brokers are
// slow, die and answer twice.
type Link interface {
	// Exchange sends a request to a broker, or with AnyBroker to any of them, and returns
	// the response. The response to a wire.Request is the request itself, with its answer
	// set. timeout is added to the time that the request allows the broker to wait. After
	// an error the request may or may not have been carried out, and the connection may
	// still read or write its memory, which must not be reused.
	Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error)
	// Run calls f in a goroutine that Close waits for.
	Run(f func())
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
	// Wait returns when either channel is closed, or with ctx's error. A nil channel never
	// is.
	Wait(ctx context.Context, done, over <-chan struct{}) error
	Now() time.Time
	// Close ends all exchanges with an error, and waits for all goroutines.
	Close() error
}

// A Message is a request or a response.
type Message = protocol.Message

// AnyBroker is the node of a request that any broker may answer.
const AnyBroker = -1

// RequestTimeout bounds a request that the broker need not delay. It exceeds the time in
// which a cluster replaces a dead broker.
const RequestTimeout = 20 * time.Second
