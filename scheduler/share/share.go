package share

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Group is the input of [Assign]: the tasks of one stage, and the containers that
// can run them.
type Group struct {
	Tasks    int32
	Standbys int // the number of members that follow the state of each task, besides its owner
	Members  []Member
	// Pins assign tasks to hosts, as an operator asked. A pin holds while an active
	// member is on that host.
	Pins map[int32]string
	// Former has the hosts of the last owners of tasks without an owner, as far as
	// they are known.
	Former map[int32]string
}

// A Member is a container of the stage, as it describes itself.
type Member struct {
	ID   string // lasting and unique
	Host string // empty: the member counts as alone on a host of its own
	// Leaving members get nothing, and lose what they have. All others are active.
	Leaving bool
	// Tasks are the tasks that the member owns, by the assignment of Generation. If
	// two members claim a task, the later generation wins, then the fresher state,
	// then the lesser ID.
	Tasks      []int32
	Generation int32
	// Pending and Standbys come from the last [Part], as far as they still hold.
	Pending  []int32
	Standbys []int32
	// Requests are the tasks that the member should get, as an operator asked. A
	// request is over when the member has the task, or when an assignment has given
	// the task to another member. It continues while the task is in [Part.Pending].
	Requests []int32
	// State tells how many records of a task's changelogs are in the local state: the
	// sum of the positions that have been read. Owners report it too, because it shows
	// how much the others lack. It is compared among members, never among tasks.
	// Missing and negative values count as 0.
	State map[int32]int64
}

// An Assignment says what each member does from now on.
type Assignment struct {
	Parts []Part // one for each member, by ID
	// Again says that tasks are pending: once their owners have released them, the
	// group needs another round.
	Again bool
}

// A Part is the assignment of one member. Its lists are ascending and have no task
// in common.
type Part struct {
	ID string
	// Tasks are the tasks that the member owns now. Those that it owned before
	// continue undisturbed. It must release tasks that it owned and that are
	// missing here.
	Tasks []int32
	// Pending are tasks that the member gets once their present owners have released
	// them. Until then it should follow their state, as a standby does.
	Pending []int32
	// Standbys are the tasks whose state the member follows.
	Standbys []int32
}

// Assign divides the tasks of a group among its active members. The result depends
// on the group alone, and not on the order of its members. These are the rules; the
// earlier ones win:
//
//   - A task with a pin is on that host.
//   - Members have equal numbers of tasks, or as equal as pins allow.
//   - As many requests as possible are met. A single request is always met, if pins
//     allow it; its member may lose another task for it. If several members request
//     one task, one of them gets it; an owner among them keeps it.
//   - As few tasks as possible leave an active owner.
//   - State decides: all tasks with new owners, taken together, have as few records to
//     restore as possible. If that is equal, a task goes to the member where it is
//     pending, to a standby, or to the host of its former owner, in this order.
//
// A task that leaves an active owner has no owner until that one has released it,
// which takes a second round; see [Part]. If nothing else happens, the second round
// is the last: a third would change nothing.
//
// Standbys are never with the owner. They are on as many hosts as possible, other
// than the owner's; their numbers are equal, or nearly so where hosts don't allow
// it; if possible they stay where they are; and new ones go to members that have most
// of the state. If there are too few members, tasks have fewer standbys.
//
// Assign ignores claims, pins and requests of tasks that don't exist. Without active
// members all parts are empty.
func Assign(g Group) (Assignment, error) {
	if err := g.check(); err != nil {
		return Assignment{}, fmt.Errorf("assign tasks: %w", err)
	}
	s := newSolver(g)
	if s.active == 0 {
		return s.parts(nil, nil), nil
	}
	owners := s.place()
	return s.parts(owners, s.follow(owners)), nil
}

func (g Group) check() error {
	if g.Tasks < 0 || g.Standbys < 0 {
		return fmt.Errorf("%d tasks with %d standbys each: neither may be negative", g.Tasks, g.Standbys)
	}
	seen := make(map[string]bool, len(g.Members))
	for _, m := range g.Members {
		if m.ID == "" {
			return errors.New("a member has no id; each member needs a lasting one of its own")
		}
		if seen[m.ID] {
			return fmt.Errorf("two members have the id %q; each member needs one of its own", m.ID)
		}
		seen[m.ID] = true
	}
	return nil
}

// parts returns the result. owners has the new owner of each task, standbys the
// tasks that each active member follows.
func (s *solver) parts(owners []int, standbys [][]int32) Assignment {
	out := Assignment{Parts: make([]Part, len(s.members))}
	for i, m := range s.members {
		out.Parts[i].ID = m.ID
	}
	for task, to := range owners {
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
