package share

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Group is what [Assign] looks at: the tasks of one stage, and the containers
// that are there to run them.
type Group struct {
	Tasks    int32
	Standbys int // how many members follow the state of each task, besides its owner
	Members  []Member
	// Pins are tasks that a person wants on a host. They hold as long as a member
	// lives there that takes tasks.
	Pins map[int32]string
	// Former has the hosts of the last owners of tasks that nobody owns now, as
	// far as they are known.
	Former map[int32]string
}

// A Member is a container of the stage, and what it says of itself.
type Member struct {
	ID   string // lasting and unique
	Host string // if it is empty, the member counts as one on a host of its own
	// Leaving members get nothing, and give up what they have.
	Leaving bool
	// Tasks are those that it owns now, by the assignment of Generation. Of two
	// that claim the same task the one with the later generation is believed, then
	// the one with the fresher state, then the one with the lesser ID.
	Tasks      []int32
	Generation int32
	// Pending and Standbys are what the last [Part] said, as far as it still holds.
	Pending  []int32
	Standbys []int32
	// Requests are tasks that it is to have, as a person has asked for. A wish is over
	// when the member has the task, or when a division has given it to somebody else:
	// one that is in [Part.Pending] goes on.
	Requests []int32
	// State tells of each task how many records of its changelogs are in the local
	// state: the sum of the positions up to which they have been read. Owners tell
	// it too, as it shows how much the others lack. It is compared among members,
	// never among tasks. Nothing, and what is negative, counts as 0.
	State map[int32]int64
}

// Assignment say who does what from now on.
type Assignment struct {
	Parts []Part // one for each member, by ID
	// Again says that tasks are coming to somebody: when their owners have given
	// them up the group must be shared once more.
	Again bool
}

// A Part is a member's. Its lists are ascending and have no task in common.
type Part struct {
	ID string
	// Tasks are those that it has now. It goes on with those of them that it
	// owned, undisturbed; what it owned and isn't here it has to give up.
	Tasks []int32
	// Pending are tasks that it is to have when their present owner has given them
	// up. Until then it had better follow their state, as a standby does.
	Pending []int32
	// Standbys are the tasks whose state it follows.
	Standbys []int32
}

// Share divides the tasks of a group among the members that aren't leaving. It
// depends on nothing but the group, and not on the order of the members. These
// are its rules; the earlier ones win:
//
//   - A task with a pin is on that host.
//   - Members have equal numbers of tasks, or as equal as pins allow.
//   - As many wishes as possible come true. A single one does, where pins allow: if
//     need be its member gives up another task for it. Of several members that wish
//     for a task one gets it; who owns it keeps it then, if it is one of them.
//   - As few tasks as possible leave an owner that is there.
//   - State decides: the tasks that get a new owner have, taken together, as few
//     records to restore as possible; and where that is equal they go to the member
//     that they are coming to, to a standby, or to the host of the former owner.
//
// A task that leaves an owner that is there is nobody's until that has given it
// up, which needs a second round; see [Part]. If nothing else happens the second
// round is the last one: a third would change nothing.
//
// Standbys are never with the owner; they are on as many hosts as possible, the
// owner's not among them; their numbers are equal, or nearly so where hosts get
// in the way; they stay where they are if that allows it; and new ones go to
// members that have most of the state. Where there aren't enough members, tasks
// have fewer standbys.
//
// Claims, pins and wishes of tasks that don't exist are ignored. If nobody takes tasks
// all parts are empty.
func Assign(g Group) (Assignment, error) {
	if err := g.check(); err != nil {
		return Assignment{}, fmt.Errorf("share tasks: %w", err)
	}
	s := newSharing(g)
	if s.takers == 0 {
		return s.parts(nil, nil), nil
	}
	takers := s.place()
	return s.parts(takers, s.follow(takers)), nil
}

func (g Group) check() error {
	if g.Tasks < 0 || g.Standbys < 0 {
		return fmt.Errorf("%d tasks with %d standbys each; neither can be negative", g.Tasks, g.Standbys)
	}
	seen := make(map[string]bool, len(g.Members))
	for _, m := range g.Members {
		if m.ID == "" {
			return errors.New("a member has no id; each needs one of its own that lasts")
		}
		if seen[m.ID] {
			return fmt.Errorf("two members have the id %q; each needs one of its own", m.ID)
		}
		seen[m.ID] = true
	}
	return nil
}

// parts is the outcome: takers has the member that is to own each task, and
// standbys the tasks that each taker follows.
func (s *sharing) parts(takers []int, standbys [][]int32) Assignment {
	out := Assignment{Parts: make([]Part, len(s.members))}
	for i, m := range s.members {
		out.Parts[i].ID = m.ID
	}
	for task, to := range takers {
		part, owner := &out.Parts[to], s.owner[task]
		if owner == none || owner == to {
			part.Tasks = append(part.Tasks, int32(task))
		} else {
			part.Pending = append(part.Pending, int32(task))
			out.Again = true
		}
	}
	for i, tasks := range standbys {
		slices.Sort(tasks)
		out.Parts[i].Standbys = tasks
	}
	slices.SortFunc(out.Parts, func(a, b Part) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
