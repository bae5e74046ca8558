package cluster

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// AnyTimeout is for requests that a broker answers from memory, and that another
// one could answer as well. Where there is no other, it is openPatience: two
// attempts to connect to a few addresses fit into that, and kafka-go says only
// after the second why none succeeds.
const AnyTimeout = 3 * time.Second

// SendAny sends a request to whoever answers: it was the last one to do so, or one
// at the addresses that the user gave, or any broker that is known.
func SendAny[A protocol.Message](ctx context.Context, c *Metadata, req protocol.Message) (A, error) {
	var first error
	all, timeout := c.candidates(), AnyTimeout
	if len(all) == 1 {
		timeout = OpenTimeout
	}
	for _, node := range all {
		answer, err := c.link.Exchange(ctx, node, req, timeout)
		if err == nil {
			c.prefer(node)
			return answer.(A), nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil || !kerr.Temporary(err) {
			break
		}
	}
	var none A
	return none, first
}

func (c *Metadata) candidates() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var nodes []int32
	if c.preferred != nil {
		nodes = append(nodes, *c.preferred)
	}
	nodes = append(nodes, link.AnyBroker)
	for _, b := range c.brokers {
		if c.preferred == nil || b.Node != *c.preferred {
			nodes = append(nodes, b.Node)
		}
	}
	return nodes
}

func (c *Metadata) prefer(node int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.preferred = nil
	if node != link.AnyBroker {
		c.preferred = &node
	}
}

// Exchange is link.exchange for one type of answer.
func Exchange[A protocol.Message](ctx context.Context, l link.Link, node int32, req protocol.Message) (A, error) {
	return ExchangeWithin[A](ctx, l, node, link.RequestTimeout, req)
}

// ExchangeWithin is exchange with a time of its own.
func ExchangeWithin[A protocol.Message](ctx context.Context, l link.Link, node int32, timeout time.Duration, req protocol.Message) (A, error) {
	answer, err := l.Exchange(ctx, node, req, timeout)
	if err != nil {
		var none A
		return none, err
	}
	return answer.(A), nil
}
