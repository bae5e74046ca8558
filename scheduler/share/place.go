package share

// place finds the new owner of each task. It adds one task after the other. Each
// gives one more task to a member that has the fewest, on the cheapest path, which
// may move others. So at each step no better assignment of the tasks added so far
// exists (successive shortest paths), and in the end none of all tasks.
func (s *solver) place() []int {
	owners := make([]int, s.tasks)
	w := newNetwork(s.active, s.priceOfTask)
	for task := range int32(s.tasks) {
		w.pathsOf(task)
		path := w.pathTo(w.fewest())
		for _, h := range path {
			owners[h.task] = h.to
		}
		w.apply(path)
	}
	return owners
}

// fewest returns the member with the fewest tasks among those with a path, and the
// cheapest path among these.
func (w *network) fewest() int {
	best := none
	for i, path := range w.paths {
		if !path.open {
			continue
		}
		if best == none || len(w.has[i]) < len(w.has[best]) ||
			len(w.has[i]) == len(w.has[best]) && path.cost.less(w.paths[best].cost) {
			best = i
		}
	}
	return best
}

func (s *solver) priceOfTask(task int32, from, to int) (cost, bool) {
	if s.pin[task] != none && s.pin[task] != s.host[to] {
		return cost{}, false
	}
	c := s.costOfTask(task, to)
	if from != none {
		c = c.minus(s.costOfTask(task, from))
	}
	return c, true
}

// costOfTask is the cost of having a task at a member. For the owner it is zero,
// unless another member requests the task.
func (s *solver) costOfTask(task int32, member int) cost {
	c := cost{unmet: btoi(s.wanted[task] && !s.requests[s.at(task, member)])}
	owner := s.owner[task]
	if owner == member {
		return c
	}
	c.lag = s.lag(task, member)
	if owner != none {
		c.moves = 1
	}
	switch at := s.at(task, member); {
	case s.pending[at]:
	case s.follows[at]:
		c.far = 1
	case s.host[member] == s.former[task]:
		c.far = 2
	default:
		c.far = 3
	}
	return c
}
