package container

import (
	"context"
	"encoding/json"
	"slices"
)

// giveBack gives up what the container is to have no more, and rejoins if the group
// waits for it. Tasks that stay aren't touched.
func (c *Container) giveBack(ctx context.Context) error {
	p := c.place
	gone := slices.DeleteFunc(slices.Clone(c.tasks), func(t *task) bool { return slices.Contains(p.tasks, t.ID) })
	var stopped []*opening
	for _, o := range c.openings {
		if slices.ContainsFunc(o.tasks, func(t *task) bool { return !slices.Contains(p.tasks, t.ID) }) {
			stopped = append(stopped, o)
		}
	}
	p.owes = p.owes || len(gone) > 0 || len(stopped) > 0
	if !p.owes || p.asked {
		return nil
	}
	if p.settled {
		if err := c.commit(ctx); err != nil {
			return err
		}
	}
	for _, o := range stopped {
		if err := c.discardOpening(o); err != nil {
			return err
		}
	}
	if err := c.give(gone); err != nil {
		return err
	}
	return c.rejoin()
}

// doubt has the container ask its group what it is to have, if a commit was refused. The
// group needn't say anything by itself: a coordinator that stood still until another was
// elected refuses those whose sessions are over by its clock, and they aren't by that of
// the other, which they have asked meanwhile.
func (p *place) doubt(refused bool) {
	if refused && !p.asked {
		p.settled, p.owes = false, true
	}
}

// rejoin takes part in the group's next generation, with all that the container has.
func (c *Container) rejoin() error {
	p := c.place
	data, err := json.Marshal(c.info())
	if err != nil {
		return err
	}
	p.settled, p.asked, p.owes = false, true, false
	p.wished = slices.Clone(p.wishes)
	p.Rejoin(p.divider.partitions(p.tasks), data)
	return nil
}

// info is what the container says of itself.
func (c *Container) info() memberInfo {
	s := c.cfg.Sharing
	m := memberInfo{
		Host: s.Host, Address: s.Address, Producer: c.cfg.TransactionalID(), Compatibility: s.Compatibility, Tasks: c.cfg.Stage.Tasks,
		Coming: c.place.share.Coming, Standbys: c.place.share.Standbys, Wishes: c.place.wishes,
	}
	m.State = s.State.of(c.cfg.Stage.Name)
	for _, t := range c.tasks {
		if t.State != nil {
			m.State[t.ID] = t.position()
		}
	}
	return m
}
