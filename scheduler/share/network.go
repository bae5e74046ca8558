package share

import "math"

// A cost is the price of having a task at a member, or of moving it there. An
// earlier field counts for more than all later ones together.
type cost struct {
	unmet int64 // requests
	moves int64 // away from an active owner
	lag   int64 // records to restore
	far   int64 // distance from where the task was
}

func (a cost) plus(b cost) cost {
	return cost{a.unmet + b.unmet, a.moves + b.moves, a.lag + b.lag, a.far + b.far}
}

func (a cost) minus(b cost) cost {
	return cost{a.unmet - b.unmet, a.moves - b.moves, a.lag - b.lag, a.far - b.far}
}

func (a cost) less(b cost) bool {
	if a.unmet != b.unmet {
		return a.unmet < b.unmet
	}
	if a.moves != b.moves {
		return a.moves < b.moves
	}
	if a.lag != b.lag {
		return a.lag < b.lag
	}
	return a.far < b.far
}

// unaffordable exceeds every cost.
func unaffordable() cost { return cost{unmet: math.MaxInt32} }

// A hop moves one task from a member to another.
type hop struct {
	task     int32 // none: there is no such hop
	from, to int
	cost     cost
}

// A network knows which member has which tasks, and the cheapest paths of moving
// some of them so that in the end one member has one task more. A path has several
// hops if a member that gets a task passes on another one. The network is the
// residual graph of a flow of least cost; its nodes are the members.
type network struct {
	// price returns the cost of moving a task, and whether that is allowed. A task
	// from none is new.
	price func(task int32, from, to int) (cost, bool)
	has   [][]int32 // of each member
	hops  []hop     // the cheapest from each member to each
	least []cost    // of the hops from each member
	paths []path    // to each member
}

// A path leads to a member.
type path struct {
	open bool
	cost cost
	last hop
}

func newNetwork(members int, price func(task int32, from, to int) (cost, bool)) *network {
	w := &network{
		price: price,
		has:   make([][]int32, members),
		hops:  make([]hop, members*members),
		least: make([]cost, members),
		paths: make([]path, members),
	}
	for i := range members {
		w.refresh(i)
	}
	return w
}

// pathsOf finds the cheapest paths of a new task to all members.
func (w *network) pathsOf(task int32) {
	for to := range w.paths {
		c, ok := w.price(task, none, to)
		w.paths[to] = path{open: ok, cost: c, last: hop{task, none, to, c}}
	}
	w.extend()
}

// pathsFrom finds the cheapest paths that take one task from a member.
func (w *network) pathsFrom(member int) {
	clear(w.paths)
	w.paths[member] = path{open: true, last: hop{task: none, from: none, to: member}}
	w.extend()
}

// extend prolongs the paths until none gets cheaper. It ends, because no round trip
// has a negative cost.
func (w *network) extend() {
	for changed := true; changed; {
		changed = false
		dearest, all := w.dearest()
		for from := range w.paths {
			// Most members have no hop that could make a path cheaper.
			if all && !w.paths[from].cost.plus(w.least[from]).less(dearest) {
				continue
			}
			changed = w.extendFrom(from) || changed
		}
	}
}

// dearest returns the highest cost of a path, and whether every member has one.
func (w *network) dearest() (most cost, all bool) {
	most = w.paths[0].cost
	for _, path := range w.paths {
		if !path.open {
			return cost{}, false
		}
		if most.less(path.cost) {
			most = path.cost
		}
	}
	return most, true
}

func (w *network) extendFrom(from int) (changed bool) {
	if !w.paths[from].open {
		return false
	}
	n := len(w.paths)
	for _, h := range w.hops[from*n : from*n+n] {
		if h.task == none {
			continue
		}
		c := w.paths[from].cost.plus(h.cost)
		if to := &w.paths[h.to]; !to.open || c.less(to.cost) {
			*to = path{true, c, h}
			changed = true
		}
	}
	return changed
}

// pathTo lists the hops of the path to a member, the last one first.
func (w *network) pathTo(member int) []hop {
	var out []hop
	for h := w.paths[member].last; h.task != none; h = w.paths[h.from].last {
		out = append(out, h)
		if h.from == none {
			break
		}
	}
	return out
}

// apply moves tasks along the hops of a path.
func (w *network) apply(path []hop) {
	for _, h := range path {
		w.has[h.to] = append(w.has[h.to], h.task)
		if h.from != none {
			w.take(h.task, h.from)
		}
	}
	for _, h := range path {
		if h.from != none {
			w.refresh(h.from)
		}
	}
	w.consider(path[0].task, path[0].to)
}

// take removes a task from a member. The hops from there are wrong until refresh.
func (w *network) take(task int32, from int) {
	tasks := w.has[from]
	for i := range tasks {
		if tasks[i] == task {
			tasks[i] = tasks[len(tasks)-1]
			w.has[from] = tasks[:len(tasks)-1]
			return
		}
	}
}

// refresh finds the cheapest hops from a member.
func (w *network) refresh(from int) {
	n := len(w.paths)
	for to := range n {
		w.hops[from*n+to].task = none
	}
	w.least[from] = unaffordable()
	for _, task := range w.has[from] {
		w.consider(task, from)
	}
}

// consider uses a task for those hops from its member of which it is the cheapest.
func (w *network) consider(task int32, from int) {
	n := len(w.paths)
	for to := range n {
		if to == from {
			continue
		}
		c, ok := w.price(task, from, to)
		if h := &w.hops[from*n+to]; ok && (h.task == none || c.less(h.cost)) {
			*h = hop{task, from, to, c}
			if c.less(w.least[from]) {
				w.least[from] = c
			}
		}
	}
}
