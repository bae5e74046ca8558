package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/stream"
)

// Under exactly-once one producer at a time may write for a task, and whoever takes
// a task over must have shut the one before out before it reads how far that one
// came. A container shuts out its own producer's former lives by opening it; and
// those of other containers, which its tasks' last meta records name, where the
// number of containers has changed.

// fence shuts out the former owners of the tasks that a restore has found. It
// tells whether there were any that weren't shut out yet: what they have committed
// in the meantime must be looked for.
func (r *restorer) fence(ctx context.Context) (found bool, err error) {
	for _, t := range r.tasks {
		if t.last == nil || t.last.Producer == "" || r.o.fenced[t.last.Producer] || r.o.live[t.last.Producer] {
			continue
		}
		id := t.last.Producer
		p, err := r.o.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: id})
		if err == nil {
			err = p.Close()
		}
		if err != nil {
			return false, fmt.Errorf("shutting out producer %s, which task %d was written by: %w", id, t.ID, err)
		}
		r.o.fenced[id], found = true, true
	}
	return found, nil
}

// A disownedError: what went wrong may be because another copy of the container
// has taken its tasks over.
type disownedError struct{ error }

func (e disownedError) Unwrap() error { return e.error }

// lost tells whether an error leaves nothing to do but to go back to what is
// committed, or to leave it to another.
func lost(err error) bool {
	return membership.IsStale(err) || errors.Is(err, stream.ErrFenced) || errors.Is(err, stream.ErrAborted) || errors.As(err, new(disownedError))
}

// comebacks is how often in a row a container comes back, or heals, without a
// commit.
const comebacks = 8

// comeBack goes on from what is committed, if the tasks are still the container's.
// The log gives a transaction up when it has been open for too long, because the
// process stood still, and so shuts its producer out, as another owner would. But
// who has taken over shows it by its first commit.
func (c *Container) comeBack(ctx context.Context, cause error) error {
	if err := c.close(); err != nil {
		return errors.Join(cause, err)
	}
	if c.member != nil {
		return c.comeBackToGroup(ctx, cause)
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
	if errors.As(cause, new(disownedError)) || c.cameBack == comebacks {
		return cause
	}
	c.cfg.Logger.Warn("going back to the last commit: the log has given up what this container had begun; did the process stand still?", "error", cause)
	return c.reopen(ctx, c.cameBack+1)
}

// comeBackToGroup goes on from what is committed with what the group says that the
// container is to have: whose the tasks are, it knows better than what is committed.
func (c *Container) comeBackToGroup(ctx context.Context, cause error) error {
	stale := membership.IsStale(cause)
	late := stale
	if errors.As(cause, new(disownedError)) {
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
		return c.reopen(ctx, c.cameBack)
	case c.cameBack == comebacks:
		return cause
	}
	c.cfg.Logger.Warn("going back to the last commit: the log has given up what this container had begun; did the process stand still?", "error", cause)
	return c.reopen(ctx, c.cameBack+1)
}

// ownsAll tells whether the last commits of the tasks were made by this life of the
// container; or, unless they must be, are those that it has gone on from.
func (c *Container) ownsAll(ctx context.Context, tasks []int32, must bool) (bool, error) {
	r := restorer{o: &opening{cfg: c.cfg}}
	for _, id := range tasks {
		r.o.tasks = append(r.o.tasks, &task{Task: Task{ID: id, stage: c.cfg.Stage}})
	}
	// What another has begun to commit counts, though it can't be read yet.
	err := r.look(ctx, c.cfg.System.Admin().LogEnds)
	if err := errors.Join(err, r.close()); err != nil {
		return false, fmt.Errorf("looking who has committed last: %w", err)
	}
	for _, t := range r.tasks {
		last := t.last.claim()
		before, found := c.before[t.ID]
		if last.owner != c.owner && (must || !found || last != before) {
			return false, nil
		}
	}
	return true, nil
}

// A claim is by whom a task was committed, and for which time.
type claim struct {
	owner string
	seq   int64
}

// claim is the zero value for a task that was never committed.
func (m *meta) claim() claim {
	if m == nil {
		return claim{}
	}
	return claim{m.Owner, m.Seq}
}
