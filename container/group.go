package container

import (
	"context"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
)

// joinGroup makes the container a member of its stage's group, unless its assignment is
// fixed.
func (c *Container) joinGroup(ctx context.Context) (err error) {
	if c.cfg.Membership == nil {
		return nil
	}
	c.member, err = membership.Join(ctx, *c.cfg.Membership, c.cfg.Stage, c.cfg.TransactionalID(), c.cfg.Logger)
	return err
}

// pollGroup takes in what is new in the group, and carries out what the member decides.
func (c *Container) pollGroup(ctx context.Context) error {
	if c.member == nil {
		return nil
	}
	idle, err := c.member.Poll()
	if idle {
		c.atWork()
	}
	if err != nil {
		return err
	}
	if err := c.handOver(ctx); err != nil {
		return err
	}
	if err := c.unfollow(false); err != nil {
		return err
	}
	if err := c.openAssigned(ctx); err != nil {
		return err
	}
	c.follow(ctx)
	return nil
}

// handOver releases the tasks that the container doesn't own any more, and rejoins the
// group if that waits for it. The other tasks aren't touched.
func (c *Container) handOver(ctx context.Context) error {
	m := c.member
	released := slices.DeleteFunc(slices.Clone(c.tasks), func(t *task) bool { return m.Owns(t.ID) })
	var stopped []*opening
	for _, o := range c.openings {
		if slices.ContainsFunc(o.tasks, func(t *task) bool { return !m.Owns(t.ID) }) {
			stopped = append(stopped, o)
		}
	}
	if !m.MustRejoin(len(released) > 0 || len(stopped) > 0) {
		return nil
	}
	if m.MayCommit() {
		if err := c.commit(ctx); err != nil {
			return err
		}
	}
	for _, o := range stopped {
		if err := c.discardOpening(o); err != nil {
			return err
		}
	}
	if err := c.release(released); err != nil {
		return err
	}
	return m.Rejoin(c.localState())
}

// localState says how much state of which tasks is on this machine.
func (c *Container) localState() map[int32]int64 {
	state := c.cfg.Positions.Of(c.cfg.Stage.Name)
	maps.Copy(state, positions(c.tasks))
	return state
}

// positions says how much of their changelogs the databases of tasks have.
func positions(tasks []*task) map[int32]int64 {
	at := make(map[int32]int64)
	for _, t := range tasks {
		if t.State != nil {
			at[t.ID] = recovery.Position(t.changelogs)
		}
	}
	return at
}

// savePositions remembers the positions of tasks on the disk.
func (c *Container) savePositions(tasks []*task) error {
	if c.cfg.Membership == nil || len(tasks) == 0 {
		return nil
	}
	return c.cfg.Positions.Save(c.cfg.Stage.Name, positions(tasks))
}

// openAssigned starts to open the tasks that the container owns and doesn't have.
func (c *Container) openAssigned(ctx context.Context) error {
	var fresh []int32
	for _, id := range c.member.Tasks() {
		if !c.has(id) {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return c.begin(ctx, fresh)
}

// has reports whether a task is running or being opened here.
func (c *Container) has(id int32) bool {
	return slices.ContainsFunc(c.tasks, func(t *task) bool { return t.ID == id }) ||
		slices.ContainsFunc(c.openings, func(o *opening) bool { return o.has(id) })
}
