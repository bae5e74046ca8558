//go:build real

package kafka

import (
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

// A groupUser uses a membership as a container does.
type groupUser struct {
	*testing.T
	stream.Membership
	owned      []stream.TopicPartition
	generation int32
	id         string
	data       string
	leads      bool
	events     []stream.GroupEventKind
	err        error
}

const groupPartitions = 6

func (s *System) user(t *testing.T, group, instance, topic string) *groupUser {
	t.Helper()
	return s.userWith(t, group, instance, topic, assignEvenly(topic))
}

func (s *System) userWith(t *testing.T, group, instance, topic string, assign assignFunc) *groupUser {
	t.Helper()
	g, err := s.Join(t.Context(), stream.GroupConfig{
		Group: group, Instance: instance, Topics: []string{topic}, SessionTimeout: 6 * time.Second, Heartbeat: 100 * time.Millisecond,
		RebalanceTimeout: 5 * time.Second, Assign: assign,
	})
	linktest.Must(t, err)
	t.Cleanup(func() { _ = g.Close() })
	g.Rejoin(nil, []byte("data of "+instance))
	return &groupUser{T: t, Membership: g}
}

type assignFunc func([]stream.GroupMember) ([]stream.GroupAssignment, error)

// assignEvenly leaves partitions where they are, if possible.
func assignEvenly(topic string) assignFunc {
	return func(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
		all := make([]stream.GroupAssignment, len(members))
		most := (groupPartitions + len(members) - 1) / len(members)
		owned := make(map[stream.TopicPartition]bool)
		for i, m := range members {
			all[i] = stream.GroupAssignment{Member: m.ID, Data: append([]byte("for the "), m.Data...)}
			all[i].Partitions = slices.Clone(m.Owned[:min(len(m.Owned), most)])
			for _, tp := range all[i].Partitions {
				owned[tp] = true
			}
		}
		for p := range int32(groupPartitions) {
			if tp := linktest.At(topic, p); !owned[tp] {
				i := slices.IndexFunc(all, func(a stream.GroupAssignment) bool { return len(a.Partitions) < most })
				all[i].Partitions = append(all[i].Partitions, tp)
			}
		}
		return all, nil
	}
}

// step handles the next event, if there is one.
func (u *groupUser) step() {
	e := u.Poll()
	if e.Kind == stream.GroupUnchanged {
		return
	}
	u.events = append(u.events, e.Kind)
	switch e.Kind {
	case stream.GroupRebalancing:
		u.Rejoin(u.owned, nil)
	case stream.GroupAssigned:
		gives := slices.ContainsFunc(u.owned, func(tp stream.TopicPartition) bool { return !slices.Contains(e.Partitions, tp) })
		u.owned, u.generation, u.id, u.data, u.leads = e.Partitions, e.Generation, e.Member, string(e.Data), e.Members != nil
		if gives {
			u.Rejoin(u.owned, nil)
		}
	default:
		u.owned, u.err = nil, e.Err
		if e.Kind == stream.GroupLost {
			u.Rejoin(nil, nil)
		}
	}
}

// until handles users' events until a condition holds.
func until(t *testing.T, what string, is func() bool, users ...*groupUser) time.Duration {
	t.Helper()
	began := time.Now()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		if time.Since(began) > time.Minute {
			t.Fatalf("%s: it takes too long", what)
		}
		for _, u := range users {
			u.step()
		}
		<-ticker.C
	}
	return time.Since(began)
}

// meanwhile handles the events of users during something that may take longer than a group
// waits for them.
func meanwhile(do func(), users ...*groupUser) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				for _, u := range users {
					u.step()
				}
			}
		}
	}()
	defer func() { // also if the test is over
		close(stop)
		<-stopped
	}()
	do()
}

// share waits until the users have all partitions, divided evenly.
func share(t *testing.T, users ...*groupUser) time.Duration {
	t.Helper()
	return until(t, "share the partitions", func() bool {
		return !slices.ContainsFunc(users, func(u *groupUser) bool {
			return len(u.owned) != groupPartitions/len(users) || u.generation != users[0].generation
		})
	}, users...)
}

func (u *groupUser) saw(kind stream.GroupEventKind) bool { return slices.Contains(u.events, kind) }
