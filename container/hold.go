package container

import "time"

// applyHold stops reading the inputs, or goes on reading them, if the Hold has changed.
// Watermarks stay as they are: an input that is held isn't idle.
func (c *Container) applyHold(now time.Time) error {
	if c.holder.On(now) == c.holding {
		return nil
	}
	c.settled = false
	c.holding = c.holder.Turn(now)
	for _, p := range c.partitions {
		switch {
		case !p.fromOutside() || p.ended:
		case c.holding:
			c.consumer.Unassign(p.TopicPartition)
			c.chooser.remove(p)
			p.drop()
		default:
			if err := c.consumer.Assign(p.TopicPartition, p.position); err != nil {
				return err
			}
		}
	}
	for _, t := range c.tasks {
		c.arrangeAll(t)
	}
	return nil
}

// reportSettled tells the Hold whether the container is settled, by what the finished step
// asks for.
func (c *Container) reportSettled(w Wait) {
	idle := w.Done || !w.Until.IsZero()
	settled := c.holding && idle && !w.Uncommitted && len(c.openings) == 0 && !c.busy()
	if settled == c.settled {
		return
	}
	c.settled = settled
	c.holder.SetSettled(settled)
}
