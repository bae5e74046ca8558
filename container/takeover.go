package container

import (
	"context"
	"errors"
	"fmt"

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
	c := r.c
	for _, t := range r.tasks {
		if t.last == nil || t.last.Producer == "" || c.fenced[t.last.Producer] {
			continue
		}
		id := t.last.Producer
		p, err := c.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: id})
		if err == nil {
			err = p.Close()
		}
		if err != nil {
			return false, fmt.Errorf("shutting out producer %s, which task %d was written by: %w", id, t.ID, err)
		}
		c.fenced[id], found = true, true
	}
	return found, nil
}

// comeBack goes on after another producer has shut this one out, if that was none
// of another container: the brokers do it themselves when a transaction has been
// open for too long, because the process stood still. Who has taken over shows it
// by its first commit.
func (c *Container) comeBack(ctx context.Context, fenced error) error {
	owner, cfg := c.owner, c.cfg
	if err := c.Close(); err != nil {
		return errors.Join(fenced, err)
	}
	ours, err := c.ownsAll(ctx, owner)
	if err != nil {
		return errors.Join(fenced, err)
	}
	if !ours {
		return fmt.Errorf("stage %s: another copy of this container has taken over: %w", cfg.Stage.Name, fenced)
	}
	cfg.Logger.Warn("going back to the last commit: the brokers have given this container's transaction up; did the process stand still?", "error", fenced)
	skip := c.skip
	*c = Container{cfg: cfg, skip: skip}
	return c.open(ctx)
}

// ownsAll tells whether the last commits of the tasks were made by a life of a
// container.
func (c *Container) ownsAll(ctx context.Context, owner string) (bool, error) {
	r := restorer{c: &Container{cfg: c.cfg}}
	r.c.cfg.Counts = nil // there is no container to be counted
	for _, id := range c.cfg.Tasks {
		r.c.tasks = append(r.c.tasks, &task{Task: Task{ID: id, stage: c.cfg.Stage}})
	}
	err := r.look(ctx, c.cfg.System.Admin().Ends)
	if err := errors.Join(err, r.close()); err != nil {
		return false, fmt.Errorf("looking who has committed last: %w", err)
	}
	for _, t := range r.tasks {
		if t.last == nil || t.last.Owner != owner {
			return false, nil
		}
	}
	return true, nil
}
