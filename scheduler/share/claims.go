package share

import (
	"cmp"
	"slices"
)

// none stands in place of a member, a host or a task.
const none = -1

// enough bounds how fresh a state can be, so that sums don't overflow.
const enough = 1 << 48

// A sharing is a group in the form in which it can be reckoned with: members and
// hosts are numbers, claims are settled, and tasks that don't exist are gone.
type sharing struct {
	tasks    int
	standbys int
	members  []Member // in an order that doesn't depend on the caller's: those that take tasks, then the others
	takers   int      // how many take tasks
	host     []int    // of each member
	owner    []int    // of each task: the member that owns it now
	former   []int    // of each task: the host of its owner, or of its last one
	pin      []int    // of each task: the host where it must be
	held     []int64  // of each task and member: how fresh its state is, from 0 to enough
	best     []int64  // of each task: the freshest there is
	pending  []bool   // of each task and member: whether it is coming there
	follows  []bool   // of each task and member: whether it is a standby now
	requests []bool   // of each task and member: whether it wishes for it
	wanted   []bool   // of each task: whether somebody does who takes tasks
}

func newSharing(g Group) *sharing {
	n := int(g.Tasks) * len(g.Members)
	s := &sharing{
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
	s.standbys = max(min(g.Standbys, s.takers-1), 0)
	hosts := s.hosts()
	s.readState()
	s.settle()
	s.readHosts(g, hosts)
	return s
}

// order sorts the members: the first of each host, then the second ones, and so
// on; and those of hosts with few of them first. As the earlier ones get tasks
// first where nothing else decides, these come to all hosts before they come to
// one twice, and those that are left over to hosts that have less.
func (s *sharing) order(members []Member) {
	s.members = slices.SortedFunc(slices.Values(members), func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	onHost := make(map[string]int)
	rank := make(map[string]int, len(members))
	for _, m := range s.members {
		if m.Leaving {
			rank[m.ID] = len(members)
			continue
		}
		s.takers++
		if m.Host != "" {
			rank[m.ID] = onHost[m.Host]
			onHost[m.Host]++
		}
	}
	slices.SortStableFunc(s.members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(rank[a.ID], rank[b.ID]), cmp.Compare(onHost[a.Host], onHost[b.Host]))
	})
}

// hosts numbers them. Those of takers come first, and are less than takers.
func (s *sharing) hosts() map[string]int {
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

func (s *sharing) readState() {
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
			if s.exists(task) && i < s.takers {
				s.wanted[task] = true
			}
		}
	}
}

func (s *sharing) mark(matrix []bool, tasks []int32, member int) {
	for _, task := range tasks {
		if s.exists(task) {
			matrix[s.at(task, member)] = true
		}
	}
}

// settle finds out who owns what.
func (s *sharing) settle() {
	for i, m := range s.members {
		for _, task := range m.Tasks {
			if s.exists(task) && (s.owner[task] == none || s.believed(task, i, s.owner[task])) {
				s.owner[task] = i
			}
		}
	}
}

// believed tells whether a's claim of a task counts for more than b's.
func (s *sharing) believed(task int32, a, b int) bool {
	return cmp.Or(
		cmp.Compare(s.members[a].Generation, s.members[b].Generation),
		cmp.Compare(s.held[s.at(task, a)], s.held[s.at(task, b)]),
		cmp.Compare(s.members[b].ID, s.members[a].ID),
	) > 0
}

func (s *sharing) readHosts(g Group, hosts map[string]int) {
	for task, name := range g.Pins {
		if host, ok := hosts[name]; ok && host < s.takers && s.exists(task) {
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

func (s *sharing) exists(task int32) bool { return task >= 0 && int(task) < s.tasks }

// at is where the matrices have a task and a member.
func (s *sharing) at(task int32, member int) int { return int(task)*len(s.members) + member }

// lag is how many records a member would have to restore.
func (s *sharing) lag(task int32, member int) int64 {
	return s.best[task] - s.held[s.at(task, member)]
}
