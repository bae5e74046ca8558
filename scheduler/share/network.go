package share

import "math"

// A cost is of having a task at a member, or of handing it on. What stands first
// counts for more than all of what follows.
type cost struct {
	unmet int64 // wishes
	moves int64 // away from where it is now
	lag   int64 // records to restore
	far   int64 // from where it was
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

// unaffordable is more than any cost is.
func unaffordable() cost { return cost{unmet: math.MaxInt32} }

// A hop hands one task on from a member to another.
type hop struct {
	task     int32 // none: there is no such hop
	from, to int
	cost     cost
}

// A network is who has which tasks, and the cheapest ways of handing some on, so
// that in the end one member has one more: a way is several hops if who gets a
// task hands on another one. It is the residual graph of a flow of least cost,
// with the members as its nodes.
type network struct {
	// price is what it costs to hand a task on, and whether it may be. From none
	// it is a new one.
	price func(task int32, from, to int) (cost, bool)
	has   [][]int32 // of each member
	hops  []hop     // the cheapest from each member to each
	least []cost    // of the hops from each member
	ways  []way     // to each member
}

// A way leads to a member.
type way struct {
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
		ways:  make([]way, members),
	}
	for i := range members {
		w.lookAgain(i)
	}
	return w
}

// waysOf finds the cheapest ways of a new task to all members.
func (w *network) waysOf(task int32) {
	for to := range w.ways {
		c, ok := w.price(task, none, to)
		w.ways[to] = way{open: ok, cost: c, last: hop{task, none, to, c}}
	}
	w.extend()
}

// waysFrom finds the cheapest ways of relieving a member of one task.
func (w *network) waysFrom(member int) {
	clear(w.ways)
	w.ways[member] = way{open: true, last: hop{task: none, from: none, to: member}}
	w.extend()
}

// extend prolongs the ways until none gets cheaper. No round trip has a cost
// below 0, so this ends.
func (w *network) extend() {
	for changed := true; changed; {
		changed = false
		dearest, all := w.dearest()
		for from := range w.ways {
			// Most members have no hop that could make a way cheaper.
			if all && !w.ways[from].cost.plus(w.least[from]).less(dearest) {
				continue
			}
			changed = w.extendFrom(from) || changed
		}
	}
}

// dearest is the highest cost of a way, and whether there is one to each member.
func (w *network) dearest() (most cost, all bool) {
	most = w.ways[0].cost
	for _, way := range w.ways {
		if !way.open {
			return cost{}, false
		}
		if most.less(way.cost) {
			most = way.cost
		}
	}
	return most, true
}

func (w *network) extendFrom(from int) (changed bool) {
	if !w.ways[from].open {
		return false
	}
	n := len(w.ways)
	for _, h := range w.hops[from*n : from*n+n] {
		if h.task == none {
			continue
		}
		c := w.ways[from].cost.plus(h.cost)
		if to := &w.ways[h.to]; !to.open || c.less(to.cost) {
			*to = way{true, c, h}
			changed = true
		}
	}
	return changed
}

// wayTo lists the hops of the way to a member, the last one first.
func (w *network) wayTo(member int) []hop {
	var out []hop
	for h := w.ways[member].last; h.task != none; h = w.ways[h.from].last {
		out = append(out, h)
		if h.from == none {
			break
		}
	}
	return out
}

// hand does what the hops of a way say.
func (w *network) hand(way []hop) {
	for _, h := range way {
		w.has[h.to] = append(w.has[h.to], h.task)
		if h.from != none {
			w.take(h.task, h.from)
		}
	}
	for _, h := range way {
		if h.from != none {
			w.lookAgain(h.from)
		}
	}
	w.consider(way[0].task, way[0].to)
}

// take removes a task from those of a member. The hops from there are wrong until
// they are looked for again.
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

// lookAgain finds the cheapest hops from a member.
func (w *network) lookAgain(from int) {
	n := len(w.ways)
	for to := range n {
		w.hops[from*n+to].task = none
	}
	w.least[from] = unaffordable()
	for _, task := range w.has[from] {
		w.consider(task, from)
	}
}

// consider takes a task for the hops from its member that it is the cheapest of.
func (w *network) consider(task int32, from int) {
	n := len(w.ways)
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
