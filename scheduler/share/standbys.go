package share

import (
	"cmp"
	"slices"
)

// followers knows which members follow which tasks.
type followers struct {
	*solver
	owner []int   // of each task: its new owner
	owns  []int   // of each member: the number of tasks that it will own
	of    [][]int // the members that follow each task
	w     *network
}

// follow finds the tasks that each active member follows. Standbys stay if they may;
// missing ones are added; then members with too many pass some on. Another round
// changes nothing in the result.
func (s *solver) follow(owner []int) [][]int32 {
	f := &followers{solver: s, owner: owner, owns: make([]int, s.active), of: make([][]int, s.tasks)}
	f.w = newNetwork(s.active, f.price)
	for _, i := range owner {
		f.owns[i]++
	}
	if s.standbys == 0 {
		return f.w.has
	}
	for task := range int32(s.tasks) {
		f.keep(task)
	}
	for task := range int32(s.tasks) {
		for len(f.of[task]) < s.standbys {
			f.add(task, f.newStandby(task))
		}
	}
	for i := range s.active {
		f.w.refresh(i)
	}
	for f.level() {
	}
	return f.w.has
}

func (f *followers) add(task int32, member int) {
	f.of[task] = append(f.of[task], member)
	f.w.has[member] = append(f.w.has[member], task)
}

// keep keeps the present standbys of a task, the freshest first: those on hosts of
// their own, and others only if no host is left.
func (f *followers) keep(task int32) {
	var now []int
	for i := range f.active {
		if f.follows[f.at(task, i)] && i != f.owner[task] {
			now = append(now, i)
		}
	}
	slices.SortStableFunc(now, func(a, b int) int { return cmp.Compare(f.lag(task, a), f.lag(task, b)) })
	for _, i := range now {
		if len(f.of[task]) < f.standbys && !f.sharesHost(task, i, none) {
			f.add(task, i)
		}
	}
	for _, i := range now {
		if len(f.of[task]) < f.standbys && !slices.Contains(f.of[task], i) && !f.hostLeft(task) {
			f.add(task, i)
		}
	}
}

// newStandby finds one for a task: if possible on a host of its own, with room (level
// would do without, but slowly), with most of the state, with the fewest standbys, and
// with the fewest tasks, in this order.
func (f *followers) newStandby(task int32) int {
	room := (f.tasks*f.standbys + f.active - 1) / f.active
	rank := func(i int) [5]int64 {
		n := len(f.w.has[i])
		return [5]int64{btoi(f.sharesHost(task, i, none)), btoi(n >= room), f.lag(task, i), int64(n), int64(f.owns[i])}
	}
	best := none
	var least [5]int64
	for i := range f.active {
		if i == f.owner[task] || slices.Contains(f.of[task], i) {
			continue
		}
		if r := rank(i); best == none || slices.Compare(r[:], least[:]) < 0 {
			best, least = i, r
		}
	}
	return best
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// sharesHost reports whether a member is on the host of a task's owner or of another
// standby. The member without isn't counted.
func (f *followers) sharesHost(task int32, member, without int) bool {
	if f.host[f.owner[task]] == f.host[member] {
		return true
	}
	for _, i := range f.of[task] {
		if i != member && i != without && f.host[i] == f.host[member] {
			return true
		}
	}
	return false
}

// hostLeft reports whether a task could have a standby on one more host.
func (f *followers) hostLeft(task int32) bool {
	for i := range f.active {
		if !slices.Contains(f.of[task], i) && !f.sharesHost(task, i, none) {
			return true
		}
	}
	return false
}

// price returns the cost of moving a standby, which must not leave the task on fewer
// hosts. Moving a standby that was added just now costs nothing.
func (f *followers) price(task int32, from, to int) (cost, bool) {
	if to == f.owner[task] || slices.Contains(f.of[task], to) {
		return cost{}, false
	}
	if f.sharesHost(task, to, from) && !f.sharesHost(task, from, none) {
		return cost{}, false
	}
	return cost{moves: btoi(f.follows[f.at(task, from)]), lag: f.lag(task, to)}, true
}

// level takes a standby from one of the members with the most, if a path leads to a
// member with at least two less. It returns false if there is none.
func (f *followers) level() bool {
	byLoad := make([]int, f.active)
	for i := range byLoad {
		byLoad[i] = i
	}
	slices.SortStableFunc(byLoad, func(a, b int) int { return cmp.Compare(len(f.w.has[b]), len(f.w.has[a])) })
	for _, from := range byLoad {
		if len(f.w.has[from])-len(f.w.has[byLoad[len(byLoad)-1]]) < 2 {
			return false
		}
		f.w.pathsFrom(from)
		to := f.w.fewest()
		if len(f.w.has[from])-len(f.w.has[to]) < 2 {
			continue
		}
		if path := f.w.pathTo(to); feasible(path) {
			f.reassign(path)
			return true
		}
	}
	return false
}

// feasible reports whether no task is in two hops of a path. Each of the two is allowed
// alone, but together they may lead to the same host. Such a path isn't the
// cheapest, unless another one costs the same.
func feasible(path []hop) bool {
	for i, a := range path {
		for _, b := range path[:i] {
			if a.task == b.task {
				return false
			}
		}
	}
	return true
}

func (f *followers) reassign(path []hop) {
	for _, h := range path {
		of := f.of[h.task]
		of[slices.Index(of, h.from)] = h.to
	}
	f.w.apply(path)
	// Other standbys of the same tasks may move to other members now.
	for _, h := range path {
		for _, i := range f.of[h.task] {
			f.w.refresh(i)
		}
	}
}
