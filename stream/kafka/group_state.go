package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Group asks the group's coordinator. Members of groups by the brokers' own
// protocol (group.protocol=consumer) it doesn't see: to a coordinator there is no
// such group then.
func (a admin) Group(ctx context.Context, name string) (stream.GroupState, error) {
	var state stream.GroupState
	err := a.client.askCoordinator(ctx, groupOf(name), func(node int32) (err error) {
		state, err = a.describeGroup(ctx, node, name)
		return err
	})
	if errors.Is(err, groupDenied) {
		err = denied(groupDenied, "Describe", groupResource, name) // also to find its coordinator
	}
	if err != nil {
		return stream.GroupState{}, fmt.Errorf("looking at group %s: %w", name, err)
	}
	return state, nil
}

// describeGroup asks for offsets first, of no partition. A coordinator that is new
// knows everything, but describes what all copies of its log are known to have: of a
// group with members it may say that there is none. For offsets it waits until they
// have all.
func (a admin) describeGroup(ctx context.Context, node int32, name string) (stream.GroupState, error) {
	if _, err := a.fetchOffsets(ctx, node, name, nil); err != nil {
		return stream.GroupState{}, err
	}
	req, err := exchange[*wire.DescribeGroup](ctx, a.client.link, node, &wire.DescribeGroup{Group: name})
	if err != nil {
		return stream.GroupState{}, err
	}
	if failed := code(req.Answer.Code); failed != 0 && failed != groupMissing {
		return stream.GroupState{}, failed
	}
	return stateOf(&req.Answer), nil
}

// stateOf is what a coordinator's answer means.
func stateOf(a *wire.DescribeGroupAnswer) stream.GroupState {
	g := stream.GroupState{State: condition(a), ProtocolType: a.ProtocolType, Protocol: a.Protocol}
	ours := a.ProtocolType == protocolType && a.Protocol == protocolName
	for i := range a.Members {
		g.Members = append(g.Members, memberState(&a.Members[i], ours))
	}
	slices.SortFunc(g.Members, func(a, b stream.MemberState) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.ID, b.ID))
	})
	return g
}

func condition(a *wire.DescribeGroupAnswer) stream.GroupCondition {
	switch {
	case code(a.Code) == groupMissing, a.State == "Empty", a.State == "Dead":
		return stream.GroupIsEmpty
	case a.State == "Stable":
		return stream.GroupIsStable
	}
	return stream.GroupIsRebalancing
}

// memberState leaves out what it can't read: who looks wants to see the others all
// the same.
func memberState(m *wire.DescribedMember, ours bool) stream.MemberState {
	s := stream.MemberState{
		ID: m.Member, Instance: m.Instance, ClientID: m.ClientID,
		Host:       strings.TrimPrefix(m.Host, "/"), // as Java writes an address without a name
		Assignment: stream.GroupAssignment{Member: m.Member},
	}
	if !ours {
		return s
	}
	if c, err := decodeClaim(m.Metadata); err == nil {
		s.Data = c.data
	}
	if partitions, data, err := decodeAssignment(m.Assignment); err == nil {
		s.Assignment.Partitions, s.Assignment.Data = partitions, data
	}
	return s
}
