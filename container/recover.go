package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// maxReopens is how often in a row a container reopens without a commit, after the log has
// given up its transaction or a database was corrupt.
const maxReopens = 8

// recovered returns an error, unless something can be done about it: going back to what is
// committed, and on from there.
func (c *Container) recovered(ctx context.Context, err error) error {
	if c.life.committed {
		c.reopens = 0
	}
	if replay := (*loop.ReplayError)(nil); errors.As(err, &replay) {
		return c.replay(ctx, replay)
	}
	switch {
	case err == nil:
		return nil
	case lost(err):
		return c.goBack(ctx, err)
	case recovery.CorruptDir(err) != "":
		return c.repair(ctx, err)
	case errors.As(err, new(*recreatedError)), errors.As(err, new(*stream.TopicVanishedError)):
		return c.startOver(ctx, err, "a topic may have been recreated")
	case errors.Is(err, stream.ErrTakesLess):
		return c.startOver(ctx, err, "the limit of a topic may have been lowered")
	}
	if c.unkept(err) {
		return c.search(ctx, err)
	}
	return err
}

// startOver goes back to what is committed, after something about a topic may have changed
// that a life looks up once. Nothing that was read meanwhile is committed.
//
// The recovery compares a recreated topic with the one that was committed for, and refuses
// it or continues where the input's OutOfRange says. If a topic takes only smaller records,
// the new producer knows, and refuses those that are too large: their policy decides.
func (c *Container) startOver(ctx context.Context, cause error, why string) error {
	if err := c.closeLife(); err != nil {
		return errors.Join(cause, err)
	}
	if c.reopens == maxReopens {
		return cause
	}
	c.cfg.Logger.Warn("going back to the last commit: "+why, "error", cause)
	return c.reopen(ctx, c.reopens+1)
}

// replay goes back to what is committed, and on from there without the record or the firing
// that failed.
func (c *Container) replay(ctx context.Context, without *loop.ReplayError) error {
	c.cfg.Logger.Warn("going back to the last commit, to skip what has failed", "error", without.Unwrap())
	c.past.leaveOut(without)
	c.past.careful = max(c.past.careful, c.life.loop.CarefulFor())
	if err := c.closeLife(); err != nil {
		return err
	}
	return c.reopen(ctx, 0)
}

// reopen opens a container again that was closed. Its membership in the group stays.
func (c *Container) reopen(ctx context.Context, reopens int) error {
	c.holder.SetSettled(false)
	c.reopens = reopens
	return c.open(ctx)
}

// repair goes on from what is committed, after a database has turned out to be corrupt
// while it was in use.
func (c *Container) repair(ctx context.Context, cause error) error {
	// Closing a corrupt database is expected to fail.
	if err := c.closeLife(); err != nil && !errors.As(err, new(*kv.DatabaseError)) {
		return errors.Join(cause, err)
	}
	if c.reopens == maxReopens {
		return cause
	}
	cfg := c.cfg.recovery()
	if err := cfg.RemoveCorrupt(recovery.CorruptDir(cause), cause); err != nil {
		return errors.Join(cause, err)
	}
	return c.reopen(ctx, c.reopens+1)
}

// lost reports whether an error leaves nothing to do but to go back to what is committed,
// or to leave it to another container.
func lost(err error) bool {
	return membership.IsStale(err) || errors.Is(err, stream.ErrFenced) || errors.Is(err, stream.ErrAborted) || errors.As(err, new(recovery.DisownedError))
}

const stoodStill = "going back to the last commit: the log has given up the transaction of this container; did the process stand still?"

// goBack goes on from what is committed, if the tasks are still the container's. The log
// gives up a transaction that has been open for too long, because the process stood still,
// and so fences its producer, as a new owner would. But a new owner shows itself by its
// first commit.
func (c *Container) goBack(ctx context.Context, cause error) error {
	if err := c.closeLife(); err != nil {
		return errors.Join(cause, err)
	}
	if c.member != nil {
		return c.goBackToGroup(ctx, cause)
	}
	if !c.cfg.AtLeastOnce {
		ours, err := c.ownsAll(ctx, c.cfg.Tasks, errors.Is(cause, stream.ErrFenced))
		if err != nil {
			return errors.Join(cause, err)
		}
		if !ours {
			return fmt.Errorf("stage %s: another copy of this container has taken over: %w (%w)", c.cfg.Stage.Name, stream.ErrFenced, cause)
		}
	}
	if errors.As(cause, new(recovery.DisownedError)) || c.reopens == maxReopens {
		return cause
	}
	c.cfg.Logger.Warn(stoodStill, "error", cause)
	return c.reopen(ctx, c.reopens+1)
}

// goBackToGroup goes on from what is committed with the tasks that the group assigns. The
// group knows better than the last commits whose the tasks are.
func (c *Container) goBackToGroup(ctx context.Context, cause error) error {
	if errors.Is(cause, stream.ErrReplaced) {
		if err := c.awaitReplacement(ctx); err != nil {
			return err
		}
	}
	stale := membership.IsStale(cause)
	late := stale
	if errors.As(cause, new(recovery.DisownedError)) {
		ours, err := c.ownsAll(ctx, c.member.Tasks(), false)
		if err != nil || ours {
			return errors.Join(cause, err)
		}
		late = true
	}
	switch {
	case late: // the group has gone on, or is about to say so
		if stale {
			c.member.Doubt()
		}
		c.cfg.Logger.Warn("going back to the last commit: the group has gone on without this container; did the process, or the network, stand still?", "error", cause)
		return c.reopen(ctx, c.reopens)
	case c.reopens == maxReopens:
		return cause
	}
	c.cfg.Logger.Warn(stoodStill, "error", cause)
	return c.reopen(ctx, c.reopens+1)
}

// A group that rebalances doesn't show who its members are.
const (
	replacementPatience = 20 * time.Second
	replacementPoll     = 250 * time.Millisecond
)

// awaitReplacement returns an error if a newer process has replaced this one. Otherwise it
// was a delayed request of this process or of an earlier one, and the container joins again.
func (c *Container) awaitReplacement(ctx context.Context) error {
	for end := c.cfg.Now().Add(replacementPatience); ctx.Err() == nil; c.cfg.Await(ctx, replacementPoll) {
		known, err := c.member.Replaced(ctx)
		if errors.As(err, new(*membership.ReplacedError)) {
			return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
		}
		if err != nil {
			c.cfg.Logger.Warn("can't find out which process has joined the group as this instance", "error", err)
			break
		}
		if known || !c.cfg.Now().Before(end) {
			break
		}
	}
	return ctx.Err()
}

// ownsAll reports whether the last commits of the tasks were made by this life of the
// container, or, unless must is set, are the ones that it has started from.
func (c *Container) ownsAll(ctx context.Context, tasks []int32, must bool) (bool, error) {
	claims, err := recovery.LastClaims(ctx, c.cfg.recovery(), tasks)
	if err != nil {
		return false, err
	}
	for _, id := range tasks {
		before, found := c.life.before[id]
		if claims[id].Owner != c.life.commits.owner && (must || !found || claims[id] != before) {
			return false, nil
		}
	}
	return true, nil
}
