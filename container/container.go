package container

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
)

// A Container runs tasks of one stage. It belongs to one goroutine.
//
// What a failure replaces is its life: a container that goes back to its last commit closes
// its life and opens another one.
type Container struct {
	cfg     Config
	member  *membership.Member // of the stage's group; nil: the assignment is fixed
	holder  *membership.Holder // nil if there is no Hold
	past    past
	reopens int   // in a row, without a commit
	life    *life // nil until open

	resources loop.Resources // nil until open
}

// Open makes a container ready. With a fixed assignment, the state of its tasks is restored
// from their changelogs, and their inputs continue at the last commit. Otherwise it has no
// tasks until [Container.Step] gets an assignment.
func Open(ctx context.Context, cfg Config) (*Container, error) {
	c := &Container{cfg: cfg.withDefaults(), past: newPast(), holder: cfg.Hold.Enter()}
	err := c.openResources(ctx) // first: that may take long, and a member of a group must not stand still
	if err == nil {
		err = c.joinGroup(ctx)
	}
	if err == nil {
		err = c.open(ctx)
	}
	if err != nil {
		err = errors.Join(err, c.Close())
	}
	return c, err
}

// joinGroup makes the container a member of its stage's group, unless its assignment is
// fixed.
func (c *Container) joinGroup(ctx context.Context) (err error) {
	if c.cfg.Membership == nil {
		return nil
	}
	as := *c.cfg.Membership
	as.Life = membership.Life{ID: c.cfg.NewID(), Started: c.cfg.Now()}
	c.member, err = membership.Join(ctx, as, c.cfg.Stage, c.cfg.TransactionalID(), c.cfg.Logger)
	return err
}

// openResources opens what the operators share, unless it is open.
func (c *Container) openResources(ctx context.Context) (err error) {
	if c.resources != nil {
		return nil
	}
	if c.resources, err = c.cfg.Program.Open(ctx, c.cfg.Stage); err != nil {
		return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
	}
	return nil
}

// open starts a life.
func (c *Container) open(ctx context.Context) error {
	if err := c.openResources(ctx); err != nil {
		return err
	}
	c.life = newLife(&c.cfg, c.member, c.holder, &c.past, c.resources)
	if err := c.life.start(ctx); err != nil {
		return c.recovered(ctx, fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err))
	}
	if c.member != nil {
		return nil // the next step asks for the assignment
	}
	if err := c.life.open(ctx, c.cfg.Tasks); err != nil {
		return err
	}
	return c.recovered(ctx, c.life.awaitOpened(ctx))
}

// Close stops the container without a commit, as a crash would. Its group keeps its tasks
// for it until its session times out.
func (c *Container) Close() error {
	defer c.holder.Leave()
	err := c.closeLife()
	if c.member != nil {
		err = errors.Join(err, c.member.Close())
	}
	return err
}

// closeLife closes the life, and then what its operators share.
func (c *Container) closeLife() error {
	var errs []error
	if c.life != nil {
		errs = append(errs, c.life.close())
	}
	if c.resources != nil {
		if err := c.resources.Close(); err != nil {
			errs = append(errs, fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err))
		}
		c.resources = nil
	}
	return errors.Join(errs...)
}

// Stop commits what is finished and closes. If the log has given up the transaction, that
// work is done again at the next start. The container's tasks move at once.
func (c *Container) Stop(ctx context.Context) error { return c.stop(ctx, false) }

// stop is Stop. With back, the group keeps the container's tasks for it, as it will return.
func (c *Container) stop(ctx context.Context, back bool) error {
	defer c.holder.Leave()
	var err error
	if c.member.MayCommit() {
		err = c.life.commits.last(ctx)
	}
	if lost(err) {
		c.cfg.Logger.Warn("the last commit failed; its records are processed again at the next start", "error", err)
		err = nil
	}
	err = errors.Join(err, c.closeLife())
	if c.member == nil {
		return err
	}
	if !back {
		c.member.Leave(ctx)
	}
	return errors.Join(err, c.member.Close())
}

// ErrBack is the cause of a context that ends containers which will return soon: their
// group keeps their tasks for them.
var ErrBack = errors.New("it will be back")

// Run opens a container and runs it until ctx is done (then it commits, closes and returns
// nil), until its bounded run has ended, or until it fails.
func Run(ctx context.Context, cfg Config) error {
	cfg.interrupted = new(atomic.Bool) // a slow function takes long for many records
	defer context.AfterFunc(ctx, func() { cfg.interrupted.Store(true) })()
	c, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	if err := c.run(ctx); err != nil {
		return errors.Join(err, c.giveUp(ctx, err))
	}
	// ctx is done, but what is finished is still committed.
	return c.stop(context.WithoutCancel(ctx), errors.Is(context.Cause(ctx), ErrBack))
}

// giveUp closes the container after a failure. A member that its group has refused leaves
// it: the others needn't wait until its session times out.
func (c *Container) giveUp(ctx context.Context, cause error) error {
	if !membership.IsRefused(cause) {
		return c.Close()
	}
	err := c.closeLife()
	c.member.Leave(context.WithoutCancel(ctx))
	return errors.Join(err, c.Close())
}

// run steps until ctx is done or the bounded run has ended.
func (c *Container) run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait, err := c.Step(ctx)
		if err != nil || wait.Done {
			return err
		}
		if !wait.Until.IsZero() {
			c.life.await(ctx, wait.Until)
		}
	}
	return nil
}

// Step does a bounded piece of work: it takes in what has arrived, processes some of it,
// and commits if that is due.
func (c *Container) Step(ctx context.Context) (Wait, error) {
	w, err := c.life.step(ctx)
	if err != nil {
		return Wait{}, c.recovered(ctx, err)
	}
	c.life.reportSettled(w)
	return w, nil
}

// EventTime and Promise are for test harnesses, which move event time by hand.

// EventTime is as [loop.Inputs.EventTime].
func (c *Container) EventTime() int64 { return c.life.loop.Inputs.EventTime() }

// Promise is as [loop.Inputs.Promise].
func (c *Container) Promise(eventTime int64) { c.life.loop.Inputs.Promise(eventTime) }
