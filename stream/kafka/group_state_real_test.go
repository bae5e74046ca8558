//go:build real

package kafka

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A client that isn't a member sees the members and their assignments, except while the
// group rebalances.
func TestGroup_Lifecycle(t *testing.T) {
	t.Parallel()
	s, group, topic := groupOn(t, shared.Cluster(t))
	look := func() stream.GroupState {
		t.Helper()
		g, err := s.Group(t.Context(), group)
		linktest.Must(t, err)
		return g
	}
	if g := look(); g.State != stream.GroupIsEmpty || g.ProtocolType != "" || len(g.Members) != 0 {
		t.Errorf("a missing group is %+v", g)
	}
	a := s.user(t, group, "a", topic)
	share(t, a)
	g := look()
	if g.State != stream.GroupIsStable || g.ProtocolType != "consumer" || g.Protocol != "grete" {
		t.Errorf("with a member it is %+v", g)
	}
	wantMember(t, &g, 0, a, "a")
	if got := string(g.Members[0].Data); got != "data of a" {
		t.Errorf("it has said %q", got)
	}
	b := s.user(t, group, "", topic)
	until(t, "rebalance", func() bool { g = look(); return g.State != stream.GroupIsStable }, b)
	if g.State != stream.GroupIsRebalancing || g.ProtocolType != "consumer" || len(g.Members) != 2 || g.Members[1].Instance != "a" || g.Members[1].Data != nil || g.Members[1].Assignment.Partitions != nil {
		t.Errorf("in a rebalance it is %+v", g)
	}
	share(t, a, b)
	g = look()
	wantMember(t, &g, 0, b, "")
	wantMember(t, &g, 1, a, "a")
	linktest.Must(t, a.Leave(t.Context()))
	linktest.Must(t, b.Leave(t.Context()))
	if g := look(); g.State != stream.GroupIsEmpty || len(g.Members) != 0 {
		t.Errorf("in the end it is %+v", g)
	}
}

// wantMember checks the description of a member.
func wantMember(t *testing.T, g *stream.GroupState, place int, u *groupUser, instance string) {
	t.Helper()
	if len(g.Members) <= place {
		t.Fatalf("there are only the members %+v", g.Members)
	}
	m := &g.Members[place]
	if m.ID != u.id || m.Instance != instance || m.ClientID != "grete" || m.Host != "127.0.0.1" {
		t.Errorf("%s is seen as %+v", u.id, m)
	}
	if m.Assignment.Member != u.id || !slices.Equal(m.Assignment.Partitions, u.owned) || string(m.Assignment.Data) != u.data {
		t.Errorf("%s has %v and %q, and is seen as %+v", u.id, u.owned, u.data, m)
	}
}

// Consumers whose brokers assign (group.protocol=consumer) get no share of our group, nor
// we of theirs, though brokers allow both.
func TestGroup_BrokerProtocolRefused(t *testing.T) {
	t.Parallel()
	c := shared.Cluster(t)
	s, group, topic := groupOn(t, c)
	ours := s.userWith(t, group, "", topic, func(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
		return []stream.GroupAssignment{{Member: members[0].ID, Partitions: partitionsOf(topic)}}, nil // and no data
	})
	share(t, ours)
	if err := consume(t, c, group, topic); err == nil {
		t.Error("a consumer of the brokers' got into our group")
	}
	theirs := group + "-of-the-brokers"
	linktest.Must(t, consume(t, c, theirs, topic))
	for _, instance := range []string{"", "a"} {
		u := s.user(t, theirs, instance, topic)
		until(t, "fail", func() bool { return u.err != nil }, u)
		if !slices.Equal(u.events, []stream.GroupEventKind{stream.GroupFailed}) || !strings.Contains(u.err.Error(), "in use by another kind of client") {
			t.Errorf("in their group we got %v: %v", u.events, u.err)
		}
	}
	if g, err := s.Group(t.Context(), theirs); err != nil || g.State != stream.GroupIsEmpty {
		t.Errorf("we see their group as %+v, %v", g, err)
	}
	seen, err := c.Admin().DescribeConsumerGroups(t.Context(), theirs)
	linktest.Must(t, err)
	if n := len(seen[theirs].Members); n != 1 {
		t.Errorf("their group has %d members", n)
	}
}

// consume joins a group whose brokers assign.
func consume(t *testing.T, c *kafkatest.Cluster, group, topic string) error {
	req := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	req.Group, req.MemberID, req.RebalanceTimeoutMillis = group, kafkatest.Name(t), 60_000
	req.SubscribedTopicNames, req.Topics = []string{topic}, []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	answer, err := req.RequestWith(t.Context(), c.Franz(t))
	linktest.Must(t, err)
	return kerr.ErrorForCode(answer.ErrorCode)
}

func partitionsOf(topic string) (all []stream.TopicPartition) {
	for p := range int32(groupPartitions) {
		all = append(all, linktest.At(topic, p))
	}
	return all
}
