package kafkasim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// rebalance starts a rebalance, or completes it if all members have joined.
func (g *group) rebalance(now time.Time) {
	first := g.state == emptied
	if g.state != preparing {
		for _, m := range g.members {
			m.answerSync(wire.SyncGroupAnswer{Code: errcode.RebalanceInProgress})
			if g.state == completing {
				m.assignment = nil
			}
		}
		g.state, g.syncing = preparing, time.Time{}
		g.deadline = now.Add(g.patience())
	}
	if first || g.complete() {
		g.begin(now)
	}
}

// patience is the longest rebalance timeout of the members.
func (g *group) patience() (longest time.Duration) {
	for _, m := range g.members {
		longest = max(longest, m.rebalance)
	}
	return longest
}

// complete reports whether all members have joined.
func (g *group) complete() bool {
	return len(g.pending) == 0 && !slices.ContainsFunc(g.members, func(m *member) bool { return m.join == nil })
}

// begin starts a generation of the members that have joined. Other instances stay until
// their sessions end.
func (g *group) begin(now time.Time) {
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return m.join == nil && m.instance == "" })
	g.elect()
	if len(g.members) > 0 && g.member(g.leader).join == nil {
		g.deadline = now.Add(g.patience()) // no member has joined
		return
	}
	g.generation++
	if len(g.members) == 0 {
		g.state, g.protocol = emptied, ""
		g.store()
		return
	}
	g.state, g.protocol = completing, g.members[0].protocol
	g.syncing = now.Add(g.patience())
	for _, m := range g.members {
		m.answerJoin(g.generationFor(m))
		m.live(now)
		m.fresh, m.unsynced = false, true
	}
}

// elect elects a leader among the members that have joined, if the last leader hasn't.
func (g *group) elect() {
	if m := g.member(g.leader); m != nil && m.join != nil {
		return
	}
	g.leader = ""
	if i := slices.IndexFunc(g.members, func(m *member) bool { return m.join != nil }); i >= 0 {
		g.leader = g.members[i].id
	} else if len(g.members) > 0 {
		g.leader = g.members[0].id
	}
}

// remove removes a member.
func (g *group) remove(now time.Time, m *member) {
	m.drop(errcode.UnknownMember)
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	if g.leader == m.id {
		g.leader = ""
		if len(g.members) > 0 {
			g.leader = g.members[0].id
		}
	}
	g.rebalance(now)
}

// syncGroup holds the request until the leader has assigned, or answers at once.
func (c *Cluster) syncGroup(now time.Time, node int32, r *wire.SyncGroup) *Reply {
	h := &held{}
	if failed := c.sync(now, node, r, h); failed != 0 {
		h.answer = &wire.SyncGroup{Answer: wire.SyncGroupAnswer{Code: failed}}
	}
	c.changed()
	return c.hold(now, node, h)
}

func (c *Cluster) sync(now time.Time, node int32, r *wire.SyncGroup, h *held) int16 {
	g, m, failed := c.memberOf(node, r.Group, r.Member, r.Instance, r.Generation)
	switch {
	case failed != 0:
		return failed
	case g.state == preparing:
		return errcode.RebalanceInProgress
	}
	m.unsynced = false
	m.sync = h
	if g.state == completing && m.id == g.leader {
		g.assign(now, r.Assignments)
	} else if g.state == stable {
		m.live(now)
		m.answerSync(wire.SyncGroupAnswer{Assignment: m.assignment})
	}
	return 0
}

// assign stores the leader's assignment, and answers held syncs.
func (g *group) assign(now time.Time, all []wire.MemberAssignment) {
	for _, m := range g.members {
		m.assignment = nil
		for _, a := range all {
			if a.Member == m.id {
				m.assignment = slices.Clone(a.Assignment)
			}
		}
		if m.sync != nil {
			m.live(now)
		}
		m.answerSync(wire.SyncGroupAnswer{Assignment: m.assignment})
	}
	g.state = stable
	g.store()
}

// memberOf returns a member and its group, or an error if its generation is another.
func (c *Cluster) memberOf(node int32, name, id, instance string, generation int32) (*group, *member, int16) {
	if name == "" {
		return nil, nil, errcode.InvalidGroup
	}
	s, failed := c.coordinatorFor(node, name, id)
	if failed != 0 {
		return nil, nil, failed
	}
	g := s.groupOf(name)
	if g == nil {
		return nil, nil, errcode.UnknownMember
	}
	m, failed := g.find(id, instance)
	if failed == 0 && generation != g.generation {
		failed = errcode.IllegalGeneration
	}
	return g, m, failed
}

func (c *Cluster) heartbeat(now time.Time, node int32, r *wire.Heartbeat) *wire.Heartbeat {
	g, m, failed := c.memberOf(node, r.Group, r.Member, r.Instance, r.Generation)
	if failed == 0 {
		m.live(now)
		if g.state == preparing {
			failed = errcode.RebalanceInProgress
		}
	}
	return &wire.Heartbeat{Code: failed}
}

func (c *Cluster) leaveGroup(now time.Time, node int32, r *wire.LeaveGroup) *wire.LeaveGroup {
	answer := &wire.LeaveGroup{}
	s, failed := c.coordinator(node, r.Group, false)
	if answer.Code = failed; failed != 0 {
		return answer
	}
	g := s.groupOf(r.Group)
	if g == nil {
		answer.Code = errcode.UnknownMember
		return answer
	}
	c.changed()
	if g.dropPending(r.Member) {
		g.rebalance(now)
		return answer
	}
	m := g.static(r.Instance)
	if r.Member != "" {
		m, failed = g.find(r.Member, r.Instance)
	} else if m == nil {
		failed = errcode.UnknownMember
	}
	if answer.Code = failed; failed == 0 {
		g.remove(now, m)
	}
	return answer
}

// dropPending drops a member that hasn't joined with its new id, and reports whether there
// was one.
func (g *group) dropPending(id string) bool {
	i := slices.IndexFunc(g.pending, func(p pendingMember) bool { return p.id == id })
	if i < 0 {
		return false
	}
	g.pending = slices.Delete(g.pending, i, i+1)
	return true
}
