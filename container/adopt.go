package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

// adoptOpened takes in the tasks whose opening is over, as soon as what they have to
// settle can be committed.
func (c *Container) adoptOpened(ctx context.Context) error {
	for _, o := range slices.Clone(c.openings) {
		if !o.ended() || ctx.Err() != nil || !c.member.MayCommit() {
			continue
		}
		if err := c.adopt(ctx, o); err != nil {
			return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
		}
	}
	return nil
}

// adopt builds the operators of the tasks of an opening, and starts reading their
// inputs. What a crash has left half done is settled by a first commit, and so is where
// a new input starts, and who owns the tasks now.
func (c *Container) adopt(ctx context.Context, o *opening) error {
	maps.Copy(c.before, o.recovery.Claims())
	if o.err != nil {
		return o.err
	}
	c.openings = slices.DeleteFunc(c.openings, func(other *opening) bool { return other == o })
	c.tasks = append(c.tasks, o.tasks...)
	slices.SortFunc(c.tasks, func(a, b *task) int { return cmp.Compare(a.ID, b.ID) })
	c.ids = o.recovery.TopicIDs
	for i, t := range o.tasks {
		t.recovered(o.recovery.Tasks[i])
	}
	for i, t := range o.tasks {
		if err := c.build(t, o.recovery.Tasks[i]); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	for i, t := range o.tasks {
		for _, in := range o.recovery.Tasks[i].Inputs {
			if err := c.attach(newPartition(t, in, &c.cfg.Stage.Inputs[in.Index])); err != nil {
				return fmt.Errorf("task %d: %w", t.ID, err)
			}
		}
		t.bootstrapping = t.bootstraps()
	}
	if o.recovery.Unsettled || !c.cfg.AtLeastOnce {
		c.unsettled = true
		if err := c.commit(ctx); err != nil {
			return err
		}
		c.unsettled = false
	}
	if err := c.savePositions(o.tasks); err != nil {
		return err
	}
	c.showState(o.tasks)
	c.publish(c.cfg.Now(), true)
	c.atWork()
	return nil
}

// atWork tells that all that the container is to have has been opened.
func (c *Container) atWork() {
	if c.cfg.AtWork != nil {
		c.cfg.AtWork(c.cfg.Stage.Name)
	}
}

// recovered takes over what a recovery has handed over. The task closes it from now on.
func (t *task) recovered(from *recovery.Task) {
	t.State, t.db, t.changelogs, t.moved = from.State, from.DB, from.Changelogs, from.Moved
	if from.Last != nil {
		t.seq = from.Last.Seq
	}
}

// build makes the operators of a recovered task, and undoes what wasn't committed.
func (c *Container) build(t *task, from *recovery.Task) error {
	if t.State != nil {
		t.State.Move(&c.budget)
	}
	logic, err := c.cfg.Program.NewLogic(c.cfg.Stage, &t.Task)
	if err != nil {
		return err
	}
	t.logic = logic
	if from.Last != nil {
		logic.SetMarks(from.Last.Operators)
	}
	for input := range c.cfg.Stage.Inputs {
		if t.ID >= c.cfg.Stage.Inputs[input].Partitions {
			logic.Source(input).SetWatermark(IdleTime)
		}
	}
	if err := from.Undo(c.now, func(store int, r *stream.Record) error { return t.logs[store].Send(t.ID, r) }); err != nil {
		return fmt.Errorf("undoing what was not committed: %w", err)
	}
	t.moved = t.moved || !c.cfg.AtLeastOnce
	return nil
}

// attach starts reading a partition of a task that is built.
func (c *Container) attach(p *partition) error {
	t := p.task
	p.source = t.logic.Source(p.input)
	p.disorder = p.source.Disorder().Milliseconds()
	t.counts.Inputs = append(t.counts.Inputs, p.counts)
	t.partitions = append(t.partitions, p)
	c.partitions = append(c.partitions, p)
	c.byName[p.TopicPartition] = p
	if p.marks != nil {
		c.refreshMarks(p)
	}
	p.source.SetWatermark(p.effectiveWatermark())
	if c.holding && p.fromOutside() {
		return nil
	}
	return c.consumer.Assign(p.TopicPartition, p.position)
}

// release closes tasks that the container doesn't own any more. All their work is
// committed.
func (c *Container) release(tasks []*task) error {
	gone := func(t *task) bool { return slices.Contains(tasks, t) }
	for _, p := range c.partitions {
		if gone(p.task) {
			c.consumer.Unassign(p.TopicPartition)
			c.chooser.remove(p)
			delete(c.byName, p.TopicPartition)
		}
	}
	c.partitions = slices.DeleteFunc(c.partitions, func(p *partition) bool { return gone(p.task) })
	c.tasks = slices.DeleteFunc(slices.Clone(c.tasks), gone)
	c.hideState(tasks)
	return errors.Join(c.savePositions(tasks), c.closeTasks(tasks))
}
