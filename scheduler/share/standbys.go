package share

import (
	"cmp"
	"slices"
)

// A following is who follows which tasks.
type following struct {
	*sharing
	owner []int   // of each task: its owner to be
	owns  []int   // of each member: how many tasks it is to own
	of    [][]int // the members that follow each task
	w     *network
}

// follow finds the tasks that each taker follows. Standbys that may stay do; what
// is missing is added; and then members that have too many hand some on. What it
// has found it leaves as it is when it is asked again.
func (s *sharing) follow(owner []int) [][]int32 {
	f := &following{sharing: s, owner: owner, owns: make([]int, s.takers), of: make([][]int, s.tasks)}
	f.w = newNetwork(s.takers, f.price)
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
			f.add(task, f.choose(task))
		}
	}
	for i := range s.takers {
		f.w.lookAgain(i)
	}
	for f.level() {
	}
	return f.w.has
}

func (f *following) add(task int32, member int) {
	f.of[task] = append(f.of[task], member)
	f.w.has[member] = append(f.w.has[member], task)
}

// keep lets those go on that follow a task now, the freshest first: on hosts of
// their own, and beyond that only if there are no other hosts.
func (f *following) keep(task int32) {
	var now []int
	for i := range f.takers {
		if f.follows[f.at(task, i)] && i != f.owner[task] {
			now = append(now, i)
		}
	}
	slices.SortStableFunc(now, func(a, b int) int { return cmp.Compare(f.lag(task, a), f.lag(task, b)) })
	for _, i := range now {
		if len(f.of[task]) < f.standbys && !f.shares(task, i, none) {
			f.add(task, i)
		}
	}
	for _, i := range now {
		if len(f.of[task]) < f.standbys && !slices.Contains(f.of[task], i) && !f.hostLeft(task) {
			f.add(task, i)
		}
	}
}

// choose finds a new standby for a task: on a host of its own if there is one,
// where there is room (level would do without, but slowly), where most of the
// state is, where the fewest standbys are, and then the fewest tasks.
func (f *following) choose(task int32) int {
	room := (f.tasks*f.standbys + f.takers - 1) / f.takers
	rank := func(i int) [5]int64 {
		n := len(f.w.has[i])
		return [5]int64{truth(f.shares(task, i, none)), truth(n >= room), f.lag(task, i), int64(n), int64(f.owns[i])}
	}
	best := none
	var least [5]int64
	for i := range f.takers {
		if i == f.owner[task] || slices.Contains(f.of[task], i) {
			continue
		}
		if r := rank(i); best == none || slices.Compare(r[:], least[:]) < 0 {
			best, least = i, r
		}
	}
	return best
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// shares tells whether a member is on the host of a task's owner or of one of its
// standbys, but for itself and one that is to be left out.
func (f *following) shares(task int32, member, without int) bool {
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

// hostLeft tells whether a task could have a standby on one more host.
func (f *following) hostLeft(task int32) bool {
	for i := range f.takers {
		if !slices.Contains(f.of[task], i) && !f.shares(task, i, none) {
			return true
		}
	}
	return false
}

// price is what it costs to hand a standby on: it may have no fewer hosts then.
// That it came a moment ago costs nothing.
func (f *following) price(task int32, from, to int) (cost, bool) {
	if to == f.owner[task] || slices.Contains(f.of[task], to) {
		return cost{}, false
	}
	if f.shares(task, to, from) && !f.shares(task, from, none) {
		return cost{}, false
	}
	return cost{moves: truth(f.follows[f.at(task, from)]), lag: f.lag(task, to)}, true
}

// level relieves one of the members with the most standbys, from which there is a
// way to one with two less, of one of them. It returns false if there is none.
func (f *following) level() bool {
	byLoad := make([]int, f.takers)
	for i := range byLoad {
		byLoad[i] = i
	}
	slices.SortStableFunc(byLoad, func(a, b int) int { return cmp.Compare(len(f.w.has[b]), len(f.w.has[a])) })
	for _, from := range byLoad {
		if len(f.w.has[from])-len(f.w.has[byLoad[len(byLoad)-1]]) < 2 {
			return false
		}
		f.w.waysFrom(from)
		to := f.w.fewest()
		if len(f.w.has[from])-len(f.w.has[to]) < 2 {
			continue
		}
		if way := f.w.wayTo(to); possible(way) {
			f.handOn(way)
			return true
		}
	}
	return false
}

// possible tells whether no task is in two hops of a way. Each of them is allowed
// alone, but they may not be together, as both may lead to the same host. Such a
// way isn't the cheapest unless another one costs the same.
func possible(way []hop) bool {
	for i, a := range way {
		for _, b := range way[:i] {
			if a.task == b.task {
				return false
			}
		}
	}
	return true
}

func (f *following) handOn(way []hop) {
	for _, h := range way {
		of := f.of[h.task]
		of[slices.Index(of, h.from)] = h.to
	}
	f.w.hand(way)
	// Where else the same tasks are followed they may be handed on to other members now.
	for _, h := range way {
		for _, i := range f.of[h.task] {
			f.w.lookAgain(i)
		}
	}
}
