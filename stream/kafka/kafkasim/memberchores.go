package kafkasim

import (
	"slices"
	"time"
)

// memberChores adds the chores of a coordinator about late members.
func (c *Cluster) memberChores(now time.Time, s *slot) {
	for _, g := range s.groups {
		for _, m := range g.members {
			if now.After(m.expires) && (m.fresh || !m.waits()) {
				c.chores = append(c.chores, Chore{Kind: Expire, Group: g.name, Member: m.id})
			}
		}
		for _, p := range g.pending {
			if now.After(p.expires) {
				c.chores = append(c.chores, Chore{Kind: Expire, Group: g.name, Member: p.id})
			}
		}
		if g.state == preparing && now.After(g.deadline) || g.lagging(now) {
			c.chores = append(c.chores, Chore{Kind: Proceed, Group: g.name})
		}
	}
}

// lagging reports whether members haven't requested their assignment in time.
func (g *group) lagging(now time.Time) bool {
	return (g.state == completing || g.state == stable) && now.After(g.syncing) &&
		slices.ContainsFunc(g.members, func(m *member) bool { return m.unsynced })
}

func (c *Cluster) groupOf(name string) *group {
	return c.slotOf(CoordinatorOf(name, false)).groupOf(name)
}

func (g *group) expire(now time.Time, id string) {
	if !g.dropPending(id) {
		g.remove(now, g.member(id))
	} else if g.state == preparing && g.complete() {
		g.begin(now)
	}
}

// proceed goes on without the members that are late.
func (g *group) proceed(now time.Time) {
	if g.state == preparing {
		g.begin(now)
		return
	}
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return m.unsynced })
	g.elect()
	g.rebalance(now)
}

// NextExpiry returns when the next member expires or is left out if it stays silent; zero
// if there is none.
func (c *Cluster) NextExpiry() time.Time {
	var first time.Time
	at := func(t time.Time) {
		if t = t.Add(1); first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, s := range c.coordinators {
		for _, g := range s.groups {
			for _, m := range g.members {
				if m.fresh || !m.waits() {
					at(m.expires)
				}
			}
			for _, p := range g.pending {
				at(p.expires)
			}
			switch {
			case g.state == preparing:
				at(g.deadline)
			case slices.ContainsFunc(g.members, func(m *member) bool { return m.unsynced }):
				at(g.syncing)
			}
		}
	}
	return first
}
