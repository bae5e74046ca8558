package kafka

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// askTimeout is for requests that a broker answers from memory, and that another
// one could answer as well. Where there is no other, it is openPatience: two
// attempts to connect to a few addresses fit into that, and kafka-go says only
// after the second why none succeeds.
const askTimeout = 3 * time.Second

// askAny sends a request to whoever answers: it was the last one to do so, or one
// at the addresses that the user gave, or any broker that is known.
func askAny[A protocol.Message](ctx context.Context, c *cluster, req protocol.Message) (A, error) {
	var first error
	all, timeout := c.candidates(), askTimeout
	if len(all) == 1 {
		timeout = openPatience
	}
	for _, node := range all {
		answer, err := c.link.Exchange(ctx, node, req, timeout)
		if err == nil {
			c.answered(node)
			return answer.(A), nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil || !temporary(err) {
			break
		}
	}
	var none A
	return none, first
}

func (c *cluster) candidates() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var nodes []int32
	if c.answers != nil {
		nodes = append(nodes, *c.answers)
	}
	nodes = append(nodes, AnyBroker)
	for _, b := range c.brokers {
		if c.answers == nil || b.node != *c.answers {
			nodes = append(nodes, b.node)
		}
	}
	return nodes
}

func (c *cluster) answered(node int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = nil
	if node != AnyBroker {
		c.answers = &node
	}
}

// exchange is link.exchange for one type of answer.
func exchange[A protocol.Message](ctx context.Context, l Link, node int32, req protocol.Message) (A, error) {
	return exchangeWithin[A](ctx, l, node, requestTimeout, req)
}

// exchangeWithin is exchange with a time of its own.
func exchangeWithin[A protocol.Message](ctx context.Context, l Link, node int32, timeout time.Duration, req protocol.Message) (A, error) {
	answer, err := l.Exchange(ctx, node, req, timeout)
	if err != nil {
		var none A
		return none, err
	}
	return answer.(A), nil
}
