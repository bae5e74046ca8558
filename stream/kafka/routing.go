package kafka

import (
	"context"
	"errors"
)

// askCoordinator asks whoever coordinates until there is an answer.
func (c *client) askCoordinator(ctx context.Context, what coordinated, ask func(node int32) error) error {
	began, logged := c.link.Now(), false
	err := c.retry(ctx, func() error {
		err := c.tryCoordinator(ctx, what, ask)
		if !logged && errors.Is(err, coordinatorAway) && c.link.Now().Sub(began) >= stallAfter {
			logged = true
			c.log.Warn("a coordinator is away; trying on", "error", c.coordinators.explain(ctx, err, what))
		}
		return err
	})
	return c.coordinators.explain(ctx, err, what)
}

func (c *client) tryCoordinator(ctx context.Context, what coordinated, ask func(node int32) error) error {
	node, err := c.coordinators.find(ctx, what)
	if err != nil {
		return err
	}
	err = ask(node)
	var away *UnreachableError
	if failed := code(0); errors.As(err, &failed) && failed.notCoordinating() || errors.As(err, &away) {
		c.coordinators.forget(what)
	}
	return err
}
