package share

import (
	"cmp"
	"slices"
)

// none stands for no member, no host or no task.
const none = -1

// enough bounds the freshness of a state, so that sums don't overflow.
const enough = 1 << 48

// A solver has a group in a form to compute with: members and hosts are numbers,
// claims are settled, and tasks that don't exist are gone.
type solver struct {
	tasks    int
	standbys int
	members  []Member // the active ones first, in an order that doesn't depend on the caller's
	active   int      // the number of active members
	host     []int    // of each member
	owner    []int    // of each task: the member that owns it now
	former   []int    // of each task: the host of its owner, or of its last owner
	pin      []int    // of each task: the host of its pin
	held     []int64  // of each task and member: the freshness of its state, from 0 to enough
	best     []int64  // of each task: the freshest state
	pending  []bool   // of each task and member: whether the task is pending there
	follows  []bool   // of each task and member: whether the member is a standby now
	requests []bool   // of each task and member: whether the member requests it
	wanted   []bool   // of each task: whether an active member requests it
}

func newSolver(g Group) *solver {
	n := int(g.Tasks) * len(g.Members)
	s := &solver{
		tasks:    int(g.Tasks),
		owner:    slices.Repeat([]int{none}, int(g.Tasks)),
		former:   slices.Repeat([]int{none}, int(g.Tasks)),
		pin:      slices.Repeat([]int{none}, int(g.Tasks)),
		held:     make([]int64, n),
		best:     make([]int64, g.Tasks),
		pending:  make([]bool, n),
		follows:  make([]bool, n),
		requests: make([]bool, n),
		wanted:   make([]bool, g.Tasks),
	}
	s.order(g.Members)
	s.standbys = max(min(g.Standbys, s.active-1), 0)
	hosts := s.hosts()
	s.readState()
	s.settle()
	s.readHosts(g, hosts)
	return s
}

// order sorts the members: the first one of each host, then the second ones, and so
// on; within these, members of hosts with few members first. Where nothing else
// decides, earlier members get tasks first. So every host gets a task before any
// host gets two, and hosts with few members get the remainder.
func (s *solver) order(members []Member) {
	s.members = slices.SortedFunc(slices.Values(members), func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	onHost := make(map[string]int)
	rank := make(map[string]int, len(members))
	for _, m := range s.members {
		if m.Leaving {
			rank[m.ID] = len(members)
			continue
		}
		s.active++
		if m.Host != "" {
			rank[m.ID] = onHost[m.Host]
			onHost[m.Host]++
		}
	}
	slices.SortStableFunc(s.members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(rank[a.ID], rank[b.ID]), cmp.Compare(onHost[a.Host], onHost[b.Host]))
	})
}

// hosts numbers the hosts. The number of an active member's host is less than active.
func (s *solver) hosts() map[string]int {
	numbers := make(map[string]int)
	s.host = make([]int, len(s.members))
	for i, m := range s.members {
		known, ok := numbers[m.Host]
		switch {
		case m.Host == "":
			s.host[i] = i
		case ok:
			s.host[i] = known
		default:
			s.host[i], numbers[m.Host] = i, i
		}
	}
	return numbers
}

func (s *solver) readState() {
	for i, m := range s.members {
		for task, held := range m.State {
			if s.exists(task) {
				s.held[s.at(task, i)] = min(max(held, 0), enough)
				s.best[task] = max(s.best[task], min(held, enough))
			}
		}
		s.mark(s.pending, m.Pending, i)
		s.mark(s.follows, m.Standbys, i)
		s.mark(s.requests, m.Requests, i)
		for _, task := range m.Requests {
			if s.exists(task) && i < s.active {
				s.wanted[task] = true
			}
		}
	}
}

func (s *solver) mark(matrix []bool, tasks []int32, member int) {
	for _, task := range tasks {
		if s.exists(task) {
			matrix[s.at(task, member)] = true
		}
	}
}

// settle finds the owner of each task.
func (s *solver) settle() {
	for i, m := range s.members {
		for _, task := range m.Tasks {
			if s.exists(task) && (s.owner[task] == none || s.outranks(task, i, s.owner[task])) {
				s.owner[task] = i
			}
		}
	}
}

// outranks reports whether a's claim to a task counts for more than b's.
func (s *solver) outranks(task int32, a, b int) bool {
	return cmp.Or(
		cmp.Compare(s.members[a].Generation, s.members[b].Generation),
		cmp.Compare(s.held[s.at(task, a)], s.held[s.at(task, b)]),
		cmp.Compare(s.members[b].ID, s.members[a].ID),
	) > 0
}

func (s *solver) readHosts(g Group, hosts map[string]int) {
	for task, name := range g.Pins {
		if host, ok := hosts[name]; ok && host < s.active && s.exists(task) {
			s.pin[task] = host
		}
	}
	for task, name := range g.Former {
		if host, ok := hosts[name]; ok && s.exists(task) {
			s.former[task] = host
		}
	}
	for task, owner := range s.owner {
		if owner != none {
			s.former[task] = s.host[owner]
		}
	}
}

func (s *solver) exists(task int32) bool { return task >= 0 && int(task) < s.tasks }

// at is the index of a task and a member in the matrices.
func (s *solver) at(task int32, member int) int { return int(task)*len(s.members) + member }

// lag is the number of records that a member would have to restore.
func (s *solver) lag(task int32, member int) int64 {
	return s.best[task] - s.held[s.at(task, member)]
}
