package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/group"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Group describes a group. It doesn't see members of a group of the brokers' own protocol
// (group.protocol=consumer): to a coordinator, no such group exists then.
func (a Admin) Group(ctx context.Context, name string) (stream.GroupState, error) {
	var state stream.GroupState
	err := a.client.SendToCoordinator(ctx, cluster.GroupKey(name), func(node int32) (err error) {
		state, err = a.describeGroup(ctx, node, name)
		return err
	})
	if errors.Is(err, kerr.GroupDenied) {
		err = kerr.AccessDenied(kerr.GroupDenied, "Describe", kerr.GroupResource, name) // also to find its coordinator
	}
	if err != nil {
		return stream.GroupState{}, fmt.Errorf("describe group %s: %w", name, err)
	}
	return state, nil
}

// describeGroup first requests the offsets of no partition. A new coordinator knows
// everything, but describes only what all replicas of its log are known to have: it may
// describe a group with members as missing. Before it returns offsets, it waits until they
// have all.
func (a Admin) describeGroup(ctx context.Context, node int32, name string) (stream.GroupState, error) {
	if _, err := a.fetchOffsets(ctx, node, name, nil); err != nil {
		return stream.GroupState{}, err
	}
	req, err := cluster.Exchange[*wire.DescribeGroup](ctx, a.client.Link, node, &wire.DescribeGroup{Group: name})
	if err != nil {
		return stream.GroupState{}, err
	}
	if failed := kerr.Code(req.Answer.Code); failed != 0 && failed != kerr.GroupNotFound {
		return stream.GroupState{}, failed
	}
	return stateOf(&req.Answer), nil
}

// stateOf converts a coordinator's answer.
func stateOf(a *wire.DescribeGroupAnswer) stream.GroupState {
	g := stream.GroupState{State: groupCondition(a), ProtocolType: a.ProtocolType, Protocol: a.Protocol}
	ours := a.ProtocolType == group.ProtocolType && a.Protocol == group.ProtocolName
	for i := range a.Members {
		g.Members = append(g.Members, memberState(&a.Members[i], ours))
	}
	slices.SortFunc(g.Members, func(a, b stream.MemberState) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.ID, b.ID))
	})
	return g
}

func groupCondition(a *wire.DescribeGroupAnswer) stream.GroupCondition {
	switch {
	case kerr.Code(a.Code) == kerr.GroupNotFound, a.State == "Empty", a.State == "Dead":
		return stream.GroupIsEmpty
	case a.State == "Stable":
		return stream.GroupIsStable
	}
	return stream.GroupIsRebalancing
}

// memberState leaves out data that it can't decode: the other fields are of use without
// it.
func memberState(m *wire.DescribedMember, ours bool) stream.MemberState {
	s := stream.MemberState{
		ID: m.Member, Instance: m.Instance, ClientID: m.ClientID,
		Host:       strings.TrimPrefix(m.Host, "/"), // as Java writes an address without a name
		Assignment: stream.GroupAssignment{Member: m.Member},
	}
	if !ours {
		return s
	}
	if c, err := group.DecodeSubscription(m.Metadata); err == nil {
		s.Data = c.Data
	}
	if partitions, data, err := group.DecodeAssignment(m.Assignment); err == nil {
		s.Assignment.Partitions, s.Assignment.Data = partitions, data
	}
	return s
}
