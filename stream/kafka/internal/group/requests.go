package group

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// request makes the request of a step. m is a copy.
func (g *Membership) request(ctx context.Context, s step, m *member) (answer stepAnswer, err error) {
	if s == stepAssign {
		return g.assign(m)
	}
	what := cluster.GroupKey(g.cfg.Group)
	node, err := g.client.Coordinators.Find(ctx, what)
	if err != nil {
		return stepAnswer{}, err
	}
	switch s {
	case stepJoin:
		answer, err = g.join(ctx, node, m)
	case stepSync:
		answer, err = g.sync(ctx, node, m)
	case stepHeartbeat:
		answer, err = g.heartbeat(ctx, node, m)
	case stepLeave:
		answer, err = g.leaveGroup(ctx, node, m)
	}
	if kerr.Unanswered(err) || answer.code.NotCoordinating() {
		g.client.Coordinators.Forget(what)
	}
	return answer, err
}

// assign calls the user.
func (g *Membership) assign(m *member) (a stepAnswer, err error) {
	wanted, err := g.cfg.Assign(m.members)
	if err != nil {
		return a, err
	}
	a.assignments, err = handOver(m.members, wanted)
	return a, err
}

// join leaves again if the answer names no leader: a group of the brokers' own protocol
// (group.protocol=consumer) accepts every consumer and gives each a share.
func (g *Membership) join(ctx context.Context, node int32, m *member) (stepAnswer, error) {
	// The answer comes when all members have joined or run out of time. The request or the
	// answer may get lost, so it is repeated before the group goes on without this member; a
	// repeated request is answered at the same time.
	req, err := cluster.ExchangeWithin[*wire.JoinGroup](ctx, g.client.Link, node, g.cfg.SessionTimeout, &wire.JoinGroup{
		Group: g.cfg.Group, Member: m.id, Instance: m.instance, ProtocolType: ProtocolType, Protocol: ProtocolName, Metadata: m.subscription.Encode(),
		SessionTimeout: int32(g.cfg.SessionTimeout.Milliseconds()), RebalanceTimeout: int32(g.cfg.RebalanceTimeout.Milliseconds()),
	})
	if err != nil {
		return stepAnswer{}, err
	}
	a := &req.Answer
	if a.Code == 0 && a.Leader == "" {
		m.id = a.Member
		_, _ = g.leaveGroup(ctx, node, m) // without it the session expires
		return stepAnswer{code: kerr.InconsistentProtocol}, nil
	}
	return stepAnswer{code: kerr.Code(a.Code), generation: a.Generation, id: a.Member, leader: a.Leader, members: a.Members}, nil
}

func (g *Membership) sync(ctx context.Context, node int32, m *member) (stepAnswer, error) {
	// The answer comes when the leader has assigned. A repeated request is answered then,
	// too. A leader whose assignment gets lost would hold up its whole group.
	req, err := cluster.ExchangeWithin[*wire.SyncGroup](ctx, g.client.Link, node, g.stepTimeout(), &wire.SyncGroup{
		Group: g.cfg.Group, Generation: m.generation, Member: m.id, Instance: m.instance, Assignments: m.assignments,
	})
	if err != nil {
		return stepAnswer{}, err
	}
	return stepAnswer{code: kerr.Code(req.Answer.Code), assignment: req.Answer.Assignment}, nil
}

// stepTimeout leaves time to repeat a request, possibly to another broker, before the
// session ends.
func (g *Membership) stepTimeout() time.Duration {
	return min(g.cfg.SessionTimeout/3, link.RequestTimeout)
}

func (g *Membership) heartbeat(ctx context.Context, node int32, m *member) (stepAnswer, error) {
	req, err := cluster.ExchangeWithin[*wire.Heartbeat](ctx, g.client.Link, node, g.stepTimeout(), &wire.Heartbeat{
		Group: g.cfg.Group, Generation: m.generation, Member: m.id, Instance: m.instance,
	})
	if err != nil {
		return stepAnswer{}, err
	}
	return stepAnswer{code: kerr.Code(req.Code)}, nil
}

func (g *Membership) leaveGroup(ctx context.Context, node int32, m *member) (stepAnswer, error) {
	req, err := cluster.Exchange[*wire.LeaveGroup](ctx, g.client.Link, node, &wire.LeaveGroup{Group: g.cfg.Group, Member: m.id, Instance: m.instance})
	if err != nil {
		return stepAnswer{}, err
	}
	return stepAnswer{code: kerr.Code(req.Code)}, nil
}

// refusal explains why a coordinator rejects a member.
func (g *Membership) refusal(c kerr.Code) error {
	switch c {
	case kerr.InconsistentProtocol:
		return fmt.Errorf("%w: %w", c, errForeignGroup)
	case kerr.BadSessionTimeout:
		return fmt.Errorf("%w: %s isn't between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms", c, g.cfg.SessionTimeout)
	case kerr.GroupFull:
		return fmt.Errorf("%w: the brokers' group.max.size allows no more members", c)
	}
	return kerr.AccessDenied(c, "Read", kerr.GroupResource, g.cfg.Group)
}
