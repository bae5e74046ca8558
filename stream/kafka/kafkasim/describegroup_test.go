package kafkasim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
)

// A group is described with its members while its coordinator moves, and after its restart.
func TestGroup_DescribedByEachCoordinator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		brokers := newShared(New(3))
		sys := brokers.open(t)
		g, err := sys.Join(t.Context(), stream.GroupConfig{Group: "g", Instance: "i", Topics: []string{"t"}, Assign: giveAll})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		g.Rejoin(nil, []byte("data"))
		for g.Poll().Kind != stream.GroupAssigned {
			<-g.Ready()
		}
		want := func(when string, state stream.GroupCondition, members int) {
			t.Helper()
			got, err := sys.Group(t.Context(), "g")
			if err != nil || got.State != state || len(got.Members) != members {
				t.Errorf("%s it is %+v, %v", when, got, err)
			}
			for _, m := range got.Members {
				if m.Instance != "i" || string(m.Data) != "data" || len(m.Assignment.Partitions) != 1 || string(m.Assignment.Data) != "given" {
					t.Errorf("%s there is %+v", when, m)
				}
			}
		}
		want("at first", stream.GroupIsStable, 1)
		for _, node := range []int32{1, 2, 3} {
			brokers.use(func(c *Cluster) { c.MoveLeader(CoordinatorOf("g", false), node) })
			want("moved", stream.GroupIsStable, 1)
		}
		brokers.use(func(c *Cluster) { c.Kill(3) })
		want("without its broker", stream.GroupIsStable, 1)
		brokers.use(func(c *Cluster) { c.Restart(3); c.Restart(c.Leader(CoordinatorOf("g", false))) })
		want("joined again", stream.GroupIsStable, 1)
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		want("closed, but within its session,", stream.GroupIsStable, 1)
		<-time.After(11 * time.Second)
		brokers.use(func(*Cluster) {})
		want("when its session is over", stream.GroupIsEmpty, 0)
	})
}

// giveAll assigns a partition to the first member.
func giveAll(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
	return []stream.GroupAssignment{{Member: members[0].ID, Partitions: []stream.TopicPartition{at("t", 0)}, Data: []byte("given")}}, nil
}
