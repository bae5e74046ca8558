package group

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// decodeMembers decodes the members of a generation for its leader: ordered by instance
// and id, each partition with one owner at most. Where two members claim a partition,
// because one of them was absent, the later generation counts.
func decodeMembers(joined []wire.JoinedMember) ([]stream.GroupMember, error) {
	members := make([]stream.GroupMember, len(joined))
	for i, j := range joined {
		c, err := DecodeSubscription(j.Metadata)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", j.Member, err)
		}
		members[i] = stream.GroupMember{ID: j.Member, Instance: j.Instance, Data: c.Data, Owned: c.owned, Generation: c.generation}
	}
	slices.SortFunc(members, func(a, b stream.GroupMember) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.ID, b.ID))
	})
	owners := owners(members)
	for i := range members {
		members[i].Owned = slices.DeleteFunc(members[i].Owned, func(tp stream.TopicPartition) bool { return owners[tp] != i })
	}
	return members, nil
}

// owners maps partitions to the indexes of the members that claimed them last.
func owners(members []stream.GroupMember) map[stream.TopicPartition]int {
	owners := make(map[stream.TopicPartition]int)
	for i := range members {
		for _, tp := range members[i].Owned {
			if other, ok := owners[tp]; !ok || members[other].Generation < members[i].Generation {
				owners[tp] = i
			}
		}
	}
	return owners
}

// handOver encodes assignments, without partitions that another member still owns. That
// member sees that they are no longer its own, gives them up and rejoins; then they are
// free.
func handOver(members []stream.GroupMember, wanted []stream.GroupAssignment) ([]wire.MemberAssignment, error) {
	place := make(map[string]int, len(members))
	for i := range members {
		place[members[i].ID] = i
	}
	owners := owners(members)
	given := make(map[stream.TopicPartition]string)
	assignments := make([]wire.MemberAssignment, 0, len(wanted))
	for _, w := range wanted {
		i, ok := place[w.Member]
		if !ok {
			return nil, fmt.Errorf("partitions are assigned to %q, which isn't a member or has an assignment already", w.Member)
		}
		delete(place, w.Member)
		var free []stream.TopicPartition
		for _, tp := range w.Partitions {
			if other, ok := given[tp]; ok {
				return nil, fmt.Errorf("%s is assigned to two members, %s and %s", tp, other, w.Member)
			}
			given[tp] = w.Member
			if owner, ok := owners[tp]; !ok || owner == i {
				free = append(free, tp)
			}
		}
		assignments = append(assignments, wire.MemberAssignment{Member: w.Member, Assignment: EncodeAssignment(free, w.Data)})
	}
	return assignments, nil
}
