package cluster

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// AnyTimeout bounds a request that a broker answers from memory and that another broker
// could answer as well. With a single candidate the bound is OpenTimeout, which leaves
// time for two attempts to connect to a few addresses: kafka-go reports only after the
// second one why none succeeds.
const AnyTimeout = 3 * time.Second

// SendAny sends a request to the broker that answered last, to one at the addresses that
// the user gave, or to any other known broker, until one answers.
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

// Exchange is link.Exchange for one type of response, within link.RequestTimeout.
func Exchange[A protocol.Message](ctx context.Context, l link.Link, node int32, req protocol.Message) (A, error) {
	return ExchangeWithin[A](ctx, l, node, link.RequestTimeout, req)
}

// ExchangeWithin is Exchange with another timeout.
func ExchangeWithin[A protocol.Message](ctx context.Context, l link.Link, node int32, timeout time.Duration, req protocol.Message) (A, error) {
	answer, err := l.Exchange(ctx, node, req, timeout)
	if err != nil {
		var none A
		return none, err
	}
	return answer.(A), nil
}
