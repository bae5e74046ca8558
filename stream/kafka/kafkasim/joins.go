package kafkasim

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A broker's group.min.session.timeout.ms and group.max.session.timeout.ms.
const (
	minSession = 6 * time.Second
	maxSession = 30 * time.Minute
)

// joinGroup holds the request until all members have joined, or answers at once.
func (c *Cluster) joinGroup(now time.Time, node int32, r *wire.JoinGroup) *Reply {
	h := &held{}
	a := wire.JoinGroupAnswer{Generation: -1, Member: r.Member}
	a.Code = c.join(now, node, r, h, &a)
	if a.Code != 0 {
		h.answer = &wire.JoinGroup{Answer: a}
	}
	c.changed()
	return c.hold(now, node, h)
}

func (c *Cluster) join(now time.Time, node int32, r *wire.JoinGroup, h *held, a *wire.JoinGroupAnswer) int16 {
	session := time.Duration(r.SessionTimeout) * time.Millisecond
	switch {
	case r.Group == "":
		return errcode.InvalidGroup
	case session < minSession || session > maxSession:
		return errcode.InvalidSession
	}
	s, failed := c.coordinator(node, r.Group, false)
	if failed != 0 {
		return failed
	}
	g := s.groupOf(r.Group)
	if g == nil {
		if r.Member != "" {
			return errcode.UnknownMember
		}
		g = &group{name: r.Group}
		s.groups = append(s.groups, g)
	}
	switch {
	case !g.speaks(r):
		return errcode.InconsistentProtocol
	case r.Member == "":
		return c.joinNew(now, g, r, h, a)
	}
	return g.joinAgain(now, r, h)
}

// speaks reports whether all members support the protocol.
func (g *group) speaks(r *wire.JoinGroup) bool {
	if g.state == emptied {
		return r.ProtocolType != ""
	}
	return g.kind == r.ProtocolType && !slices.ContainsFunc(g.members, func(m *member) bool { return m.protocol != r.Protocol })
}

// joinNew handles a member without an id.
func (c *Cluster) joinNew(now time.Time, g *group, r *wire.JoinGroup, h *held, a *wire.JoinGroupAnswer) int16 {
	c.joined++
	id := fmt.Sprintf("%s-%d", cmp.Or(r.Instance, "member"), c.joined)
	switch old := g.static(r.Instance); {
	case r.Instance == "":
		a.Member = id
		g.pending = append(g.pending, pendingMember{id, now.Add(time.Duration(r.SessionTimeout) * time.Millisecond)})
		return errcode.MemberIDRequired
	case old == nil:
		g.add(now, id, r, h)
	default:
		g.replace(now, old, id, r, h)
	}
	return 0
}

// add adds a member.
func (g *group) add(now time.Time, id string, r *wire.JoinGroup, h *held) {
	g.pending = slices.DeleteFunc(g.pending, func(p pendingMember) bool { return p.id == id })
	m := &member{id: id, instance: r.Instance, fresh: true}
	m.update(r, h)
	m.expires = now.Add(freshSession)
	if len(g.members) == 0 {
		g.kind = r.ProtocolType
	}
	g.leader = cmp.Or(g.leader, id)
	g.members = append(g.members, m)
	g.rebalance(now)
}

// update stores the data of a member's request.
func (m *member) update(r *wire.JoinGroup, h *held) {
	m.kind, m.protocol, m.metadata = r.ProtocolType, r.Protocol, slices.Clone(r.Metadata)
	m.session = time.Duration(r.SessionTimeout) * time.Millisecond
	m.rebalance = time.Duration(r.RebalanceTimeout) * time.Millisecond
	m.join = h
}

// replace assigns an instance a new id, and fences the owner of the old one.
func (g *group) replace(now time.Time, m *member, id string, r *wire.JoinGroup, h *held) {
	leader := g.leader
	m.drop(errcode.FencedInstance)
	if g.leader == m.id {
		g.leader = id
	}
	m.id = id
	m.live(now)
	m.update(r, h)
	switch g.state {
	case stable:
		// The answer names the old id as the leader, so that the leader doesn't assign again.
		m.answerJoin(wire.JoinGroupAnswer{Generation: g.generation, Protocol: g.protocol, Leader: leader, Member: id})
		g.store()
	default:
		g.rebalance(now)
	}
}

// joinAgain handles a member that has an id.
func (g *group) joinAgain(now time.Time, r *wire.JoinGroup, h *held) int16 {
	if slices.ContainsFunc(g.pending, func(p pendingMember) bool { return p.id == r.Member }) {
		g.add(now, r.Member, r, h)
		return 0
	}
	m, failed := g.find(r.Member, r.Instance)
	if failed != 0 {
		return failed
	}
	same := bytes.Equal(m.metadata, r.Metadata) && m.protocol == r.Protocol
	switch {
	case g.state == completing && same, g.state == stable && same && g.leader != m.id:
		h.answer = &wire.JoinGroup{Answer: g.generationFor(m)}
		if g.state == stable {
			m.live(now)
		}
	case g.state == emptied:
		return errcode.UnknownMember
	default:
		m.update(r, h)
		g.rebalance(now)
	}
	return 0
}

// generationFor returns the answer to a member's join.
func (g *group) generationFor(m *member) wire.JoinGroupAnswer {
	a := wire.JoinGroupAnswer{Generation: g.generation, Protocol: g.protocol, Leader: g.leader, Member: m.id}
	if g.leader == m.id && g.state == completing {
		for _, o := range g.members {
			a.Members = append(a.Members, wire.JoinedMember{Member: o.id, Instance: o.instance, Metadata: o.metadata})
		}
	}
	return a
}
