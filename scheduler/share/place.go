package share

// place finds the taker of each task. It adds one task after the other. Each makes
// a member that has the fewest have one more, by the cheapest way, which may push
// others on. So there never is a better division of those that have been added
// (successive shortest paths), and in the end none of all.
func (s *sharing) place() []int {
	takers := make([]int, s.tasks)
	w := newNetwork(s.takers, s.priceOfTask)
	for task := range int32(s.tasks) {
		w.waysOf(task)
		way := w.wayTo(w.fewest())
		for _, h := range way {
			takers[h.task] = h.to
		}
		w.hand(way)
	}
	return takers
}

// fewest is the member with the fewest tasks that there is a way to, by the
// cheapest of these ways.
func (w *network) fewest() int {
	best := none
	for i, way := range w.ways {
		if !way.open {
			continue
		}
		if best == none || len(w.has[i]) < len(w.has[best]) ||
			len(w.has[i]) == len(w.has[best]) && way.cost.less(w.ways[best].cost) {
			best = i
		}
	}
	return best
}

func (s *sharing) priceOfTask(task int32, from, to int) (cost, bool) {
	if s.pin[task] != none && s.pin[task] != s.host[to] {
		return cost{}, false
	}
	c := s.costOfTask(task, to)
	if from != none {
		c = c.minus(s.costOfTask(task, from))
	}
	return c, true
}

// costOfTask is that of having a task at a member. Who owns it has it for nothing, but
// for the wish of another one.
func (s *sharing) costOfTask(task int32, member int) cost {
	c := cost{unmet: truth(s.wanted[task] && !s.requests[s.at(task, member)])}
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
