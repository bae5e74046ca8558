package cluster

import (
	"context"
	"errors"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// SendToCoordinator calls send with the coordinator's node until it succeeds, fails for
// good, or patience ends.
func (c *Client) SendToCoordinator(ctx context.Context, what CoordinatorKey, send func(node int32) error) error {
	began, logged := c.Link.Now(), false
	err := c.Retry(ctx, func() error {
		err := c.sendToCoordinator(ctx, what, send)
		if !logged && errors.Is(err, kerr.CoordinatorNotAvailable) && c.Link.Now().Sub(began) >= link.StallAfter {
			logged = true
			c.Log.Warn("coordinator is unavailable; retrying", "error", c.Coordinators.Explain(ctx, err, what))
		}
		return err
	})
	return c.Coordinators.Explain(ctx, err, what)
}

func (c *Client) sendToCoordinator(ctx context.Context, what CoordinatorKey, send func(node int32) error) error {
	node, err := c.Coordinators.Find(ctx, what)
	if err != nil {
		return err
	}
	err = send(node)
	var away *kerr.UnreachableError
	if failed := kerr.Code(0); errors.As(err, &failed) && failed.NotCoordinating() || errors.As(err, &away) {
		c.Coordinators.Forget(what)
	}
	return err
}
