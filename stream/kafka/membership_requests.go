package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// This file has the requests of a member's steps.

// request makes the request of a step. m is a copy.
func (g *membership) request(ctx context.Context, s groupStep, m *member) (answer groupAnswer, err error) {
	if s == groupAssign {
		return g.assign(m)
	}
	what := groupOf(g.cfg.Group)
	node, err := g.client.coordinators.find(ctx, what)
	if err != nil {
		return groupAnswer{}, err
	}
	switch s {
	case groupJoin:
		answer, err = g.join(ctx, node, m)
	case groupSync:
		answer, err = g.sync(ctx, node, m)
	case groupHeartbeat:
		answer, err = g.beat(ctx, node, m)
	case groupLeave:
		answer, err = g.part(ctx, node, m)
	}
	if unanswered(err) || answer.code.notCoordinating() {
		g.client.coordinators.forget(what)
	}
	return answer, err
}

// assign asks the user.
func (g *membership) assign(m *member) (a groupAnswer, err error) {
	wanted, err := g.cfg.Assign(m.members)
	if err != nil {
		return a, err
	}
	a.given, err = handOver(m.members, wanted)
	return a, err
}

// join leaves again where nobody leads: in a group by the brokers' own protocol
// (group.protocol=consumer), which takes consumers of any kind in and gives each a
// share.
func (g *membership) join(ctx context.Context, node int32, m *member) (groupAnswer, error) {
	// The answer comes when all members have joined, or their time is over. Who asks again
	// meanwhile is answered then, too, and asks before others must do without it: the
	// request, or the answer, may have been lost.
	req, err := exchangeWithin[*wire.JoinGroup](ctx, g.client.link, node, g.cfg.SessionTimeout, &wire.JoinGroup{
		Group: g.cfg.Group, Member: m.id, Instance: m.instance, ProtocolType: protocolType, Protocol: protocolName, Metadata: m.claim.encode(),
		SessionTimeout: int32(g.cfg.SessionTimeout.Milliseconds()), RebalanceTimeout: int32(g.cfg.RebalanceTimeout.Milliseconds()),
	})
	if err != nil {
		return groupAnswer{}, err
	}
	a := &req.Answer
	if a.Code == 0 && a.Leader == "" {
		m.id = a.Member
		_, _ = g.part(ctx, node, m) // without it the session ends
		return groupAnswer{code: inconsistentProtocol}, nil
	}
	return groupAnswer{code: code(a.Code), generation: a.Generation, id: a.Member, leader: a.Leader, members: a.Members}, nil
}

func (g *membership) sync(ctx context.Context, node int32, m *member) (groupAnswer, error) {
	// The answer comes when the leader has assigned. Who asks again is answered then, too;
	// and a leader whose assignment is lost on its way holds up all of its group.
	req, err := exchangeWithin[*wire.SyncGroup](ctx, g.client.link, node, g.soon(), &wire.SyncGroup{
		Group: g.cfg.Group, Generation: m.generation, Member: m.id, Instance: m.instance, Assignments: m.given,
	})
	if err != nil {
		return groupAnswer{}, err
	}
	return groupAnswer{code: code(req.Answer.Code), assignment: req.Answer.Assignment}, nil
}

// soon is how long to wait for an answer where it can be asked again before the session
// is over, of another broker maybe.
func (g *membership) soon() time.Duration { return min(g.cfg.SessionTimeout/3, requestTimeout) }

func (g *membership) beat(ctx context.Context, node int32, m *member) (groupAnswer, error) {
	req, err := exchangeWithin[*wire.Heartbeat](ctx, g.client.link, node, g.soon(), &wire.Heartbeat{
		Group: g.cfg.Group, Generation: m.generation, Member: m.id, Instance: m.instance,
	})
	if err != nil {
		return groupAnswer{}, err
	}
	return groupAnswer{code: code(req.Code)}, nil
}

func (g *membership) part(ctx context.Context, node int32, m *member) (groupAnswer, error) {
	req, err := exchange[*wire.LeaveGroup](ctx, g.client.link, node, &wire.LeaveGroup{Group: g.cfg.Group, Member: m.id, Instance: m.instance})
	if err != nil {
		return groupAnswer{}, err
	}
	return groupAnswer{code: code(req.Code)}, nil
}

// refusal explains why a coordinator doesn't take a member.
func (g *membership) refusal(c code) error {
	switch c {
	case inconsistentProtocol:
		return fmt.Errorf("%w: %w", c, errForeignGroup)
	case badSessionTimeout:
		return fmt.Errorf("%w: %s isn't between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms", c, g.cfg.SessionTimeout)
	case groupFull:
		return fmt.Errorf("%w: the brokers' group.max.size allows no more members", c)
	}
	return denied(c, "Read", groupResource, g.cfg.Group)
}
