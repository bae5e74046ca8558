//go:build real

package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

func groupOn(t *testing.T, c *kafkatest.Cluster) (s *System, group, topic string) {
	s = openSystem(t, Options{Brokers: c.Bootstrap()})
	topic = kafkatest.Name(t)
	c.CreateTopic(t, topic, groupPartitions, nil)
	return s, topic + "-group", topic
}

// Two members share the partitions, in two generations, and tools show it. A commit of an
// earlier generation is refused, and can be repeated. The others take over at once from a
// member that leaves.
func TestMembership_TwoMembersShare(t *testing.T) {
	t.Parallel()
	c := shared.Cluster(t)
	s, group, topic := groupOn(t, c)
	a := s.user(t, group, "a", topic)
	share(t, a)
	p, err := s.OpenProducer(t.Context(), stream.ProducerConfig{ID: topic})
	linktest.Must(t, err)
	defer p.Close()
	plain, err := s.OpenProducer(t.Context(), stream.ProducerConfig{AtLeastOnce: true})
	linktest.Must(t, err)
	defer plain.Close()
	offsets := func(u *groupUser, offset int64) stream.GroupOffsets {
		return stream.GroupOffsets{
			Group: group, Generation: u.generation, Member: u.id, Instance: "a",
			Positions: []stream.Position{{TopicPartition: u.owned[0], Offset: offset}},
		}
	}
	old := offsets(a, 1)
	for _, p := range []stream.Producer{p, plain} {
		_, err = p.Commit(t.Context(), old)
		linktest.Must(t, err)
	}
	b := s.user(t, group, "", topic)
	t.Logf("two members share after %s", share(t, a, b))
	for _, p := range []stream.Producer{p, plain} {
		w, err := p.Writer(topic)
		linktest.Must(t, err)
		linktest.Must(t, w.Send(0, &stream.Record{Value: []byte("x")}))
		if _, err = p.Commit(t.Context(), old); !errors.Is(err, stream.ErrStaleGeneration) {
			t.Errorf("with an old generation: %v", err)
		}
		ends, err := p.Commit(t.Context(), offsets(a, 2))
		if err != nil || len(ends) != 1 {
			t.Errorf("with the new one: %v, %v", ends, err)
		}
	}
	seesMembers(t, c.Admin(), group, a, b)
	began := time.Now()
	linktest.Must(t, b.Leave(t.Context()))
	share(t, a)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the rebalance after a member left took %s", took)
	}
	if a.saw(stream.GroupLost) || b.saw(stream.GroupLost) {
		t.Errorf("a saw %v, b %v", a.events, b.events)
	}
}

// seesMembers checks what another client's tool shows.
func seesMembers(t *testing.T, admin *kadm.Client, group string, users ...*groupUser) {
	t.Helper()
	all, err := admin.DescribeGroups(t.Context(), group)
	linktest.Must(t, err)
	g := all[group]
	if g.ProtocolType != "consumer" || g.Protocol != "grete" || len(g.Members) != len(users) {
		t.Errorf("the group is %+v", g)
	}
	for _, m := range g.Members {
		assigned, _ := m.Assigned.AsConsumer()
		joined, _ := m.Join.AsConsumer()
		for _, u := range users {
			if u.id == m.MemberID && (len(assigned.Topics) != 1 || len(assigned.Topics[0].Partitions) != len(u.owned) || len(joined.Topics) != 1) {
				t.Errorf("member %s has %+v, and joined with %+v", u.id, assigned, joined)
			}
		}
	}
	lags, err := admin.Lag(t.Context(), group)
	linktest.Must(t, err)
	if n := len(lags[group].Lag); n != 1 || len(lags[group].Lag.Sorted()) != groupPartitions {
		t.Errorf("the lag is of %d topics: %+v", n, lags[group])
	}
}

// An instance that is back soon keeps its partitions, and the others notice nothing. One
// that isn't back loses them when its session expires. A second one replaces the first.
func TestMembership_InstanceReplaced(t *testing.T) {
	t.Parallel()
	s, group, topic := groupOn(t, shared.Cluster(t))
	a, b := s.user(t, group, "a", topic), s.user(t, group, "b", topic)
	share(t, a, b)
	for _, u := range []**groupUser{&b, &a} { // a follower, and maybe the leader
		old := *u
		a.events, b.events = nil, nil
		linktest.Must(t, old.Close())
		*u = s.user(t, group, map[*groupUser]string{a: "a", b: "b"}[old], topic)
		share(t, a, b)
		if (*u).generation != old.generation || len(a.events)+len(b.events) != 1 {
			t.Errorf("generation %d became %d: %v, %v", old.generation, (*u).generation, a.events, b.events)
		}
	}
	linktest.Must(t, b.Close())
	if took := share(t, a); took < 4*time.Second || took > 8*time.Second {
		t.Errorf("the session of 6 s ends after %s", took)
	}
	second := s.user(t, group, "a", topic)
	failed := func(u *groupUser) bool { return u.saw(stream.GroupFailed) }
	until(t, "replace", func() bool { return failed(a) || failed(second) }, a, second)
	lasts, ends := a, second
	if failed(a) {
		lasts, ends = second, a
	}
	share(t, lasts)
	if !errors.Is(ends.err, stream.ErrReplaced) || failed(lasts) {
		t.Errorf("two of the same name got %v, %v and %v, %v", a.events, a.err, second.events, second.err)
	}
}

// Neither client can join where the other one is, and our error says why.
func TestMembership_GroupOfAnotherClient(t *testing.T) {
	t.Parallel()
	c := shared.Cluster(t)
	s, group, topic := groupOn(t, c)
	in := make(chan struct{})
	franz := c.Franz(t, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { close(in) }))
	<-in
	u := s.user(t, group, "a", topic)
	until(t, "fail", func() bool { return u.err != nil }, u)
	if !u.saw(stream.GroupFailed) || !strings.Contains(u.err.Error(), "in use by another kind of client") {
		t.Errorf("we got %v: %v", u.events, u.err)
	}
	g, err := s.Group(t.Context(), group)
	if err != nil || g.State == stream.GroupIsEmpty || g.ProtocolType != "consumer" || g.Protocol == "grete" || len(g.Members) != 1 ||
		g.Members[0].Data != nil || g.Members[0].Assignment.Partitions != nil {
		t.Errorf("we see their group as %+v, %v", g, err)
	}
	franz.LeaveGroup()
}

// A member stays a member.
func TestMembership_BrokerRestarts(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{})
	s, group, topic := groupOn(t, c)
	a, b := s.user(t, group, "a", topic), s.user(t, group, "b", topic)
	share(t, a, b)
	a.events, b.events = nil, nil
	c.Kill(t, 1)
	c.Restart(t, 1)
	a.RequestRebalance()
	before := a.generation
	until(t, "get another generation", func() bool { return a.generation > before && b.generation == a.generation }, a, b)
	share(t, a, b)
	if a.saw(stream.GroupLost) || b.saw(stream.GroupLost) {
		t.Errorf("a saw %v, b %v", a.events, b.events)
	}
}

// The coordinator moves to another broker, and away from one that dies, while the group
// has members.
func TestMembership_CoordinatorMoves(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	s, group, topic := groupOn(t, c)
	a, b := s.user(t, group, "a", topic), s.user(t, group, "", topic)
	share(t, a, b)
	a.events, b.events = nil, nil
	works := func(when string) {
		t.Helper()
		g, err := s.Group(t.Context(), group)
		if err != nil || g.State != stream.GroupIsStable || len(g.Members) != 2 {
			t.Errorf("%s the group is %+v, %v", when, g, err)
		}
		before := a.generation
		b.RequestRebalance()
		took := until(t, "get another generation", func() bool { return a.generation > before && b.generation == a.generation }, a, b)
		t.Logf("%s another generation takes %s", when, took)
	}
	for _, node := range []int32{1, 2, 3} {
		meanwhile(func() { c.MoveLeaders(t, "__consumer_offsets", node) }, a, b)
		works(fmt.Sprintf("on broker %d", node))
	}
	meanwhile(func() { c.Kill(t, 3) }, a, b)
	works("without broker 3")
	share(t, a, b)
	if a.saw(stream.GroupLost) || b.saw(stream.GroupLost) {
		t.Errorf("a saw %v, b %v", a.events, b.events)
	}
}
