package membership

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// An Assigned is an assignment of tasks to the container.
type Assigned struct {
	Tasks []int32 // that the container owns now, ascending
	// Added and Removed are the differences from the previous assignment.
	Added, Removed []int32
	First          bool // since the container has joined the group
	Generation     int32
	Members        int // of the group
}

// Poll takes in the events of the group, and returns the assignments among them. After an
// error that [IsStale] the container must close everything; any other error is final.
func (m *Member) Poll() (assigned []Assigned, err error) {
	for e := m.group.Poll(); e.Kind != stream.GroupUnchanged; e = m.group.Poll() {
		if err := m.handle(e); err != nil {
			return assigned, fmt.Errorf("stage %s: %w", m.stage.Name, err)
		}
		if e.Kind == stream.GroupAssigned && m.settled {
			assigned = append(assigned, m.assigned())
		}
	}
	m.takeRequests()
	return assigned, nil
}

// handle takes in one event.
func (m *Member) handle(e stream.GroupEvent) error {
	switch e.Kind {
	case stream.GroupRebalancing:
		m.mustRejoin = true
	case stream.GroupAssigned:
		return m.take(e)
	case stream.GroupLost:
		m.tasks, m.settled, m.joining, m.mustRejoin = nil, false, false, true
		return fmt.Errorf("%w: %w", errLost, e.Err)
	case stream.GroupFailed:
		return fmt.Errorf("%w: %w", errFailed, e.Err)
	}
	return nil
}

// take takes in an assignment, unless it was made for another version of the program.
func (m *Member) take(e stream.GroupEvent) error {
	var a assignment
	if err := parse(e.Data, &a); err != nil {
		return fmt.Errorf("the assignment of the group's leader can't be parsed: %w", err)
	}
	if !m.judged(&a) {
		return m.decline()
	}
	if a.Refused != "" {
		return fmt.Errorf("%w: %s", errRefused, a.Refused)
	}
	if !m.planned(m.assignor.tasks(e.Partitions), a.Coming, a.Standbys) {
		return m.decline()
	}
	m.assignment = a
	m.generation, m.id, m.tasks = e.Generation, e.Member, m.assignor.tasks(e.Partitions)
	m.settled, m.joining = true, false
	m.mustRejoin = m.mustRejoin || len(a.Revoked) > 0
	m.dropAnswered()
	return nil
}

// planned reports whether the plan has all of the tasks.
func (m *Member) planned(assigned ...[]int32) bool {
	return !slices.ContainsFunc(slices.Concat(assigned...), func(id int32) bool { return id < 0 || id >= m.stage.Tasks })
}

// judged reports whether the leader knew the compatibility of this member when it made the
// assignment. An instance that comes back within its session gets the assignment of its
// previous life, which may have been another version of the program. A leader that runs an
// older Grete doesn't say what it knew.
func (m *Member) judged(a *assignment) bool {
	return !slices.ContainsFunc(a.Members, func(p peer) bool {
		return p.Producer == m.producer && p.Compatibility != "" && p.Compatibility != m.cfg.Compatibility
	})
}

// decline takes nothing of an assignment that was made for another version or plan, and asks for one
// that is made for this member. Without the request a member that doesn't lead its group
// would get the same assignment again.
func (m *Member) decline() error {
	owned := len(m.tasks) > 0
	m.assignment, m.tasks, m.settled, m.joining, m.mustRejoin = assignment{}, nil, false, false, true
	if owned { // another process of the instance has joined
		return errLost
	}
	m.group.RequestRebalance()
	return nil
}

// assigned tells the rest of the process about an assignment, and describes it.
func (m *Member) assigned() Assigned {
	m.cfg.Peers.update(m.stage.Name, m.cfg.Host, m.assignment.Members)
	a := Assigned{
		Tasks: append([]int32{}, m.tasks...), Added: without(m.tasks, m.last), Removed: without(m.last, m.tasks),
		First: m.last == nil, Generation: m.generation, Members: len(m.assignment.Members),
	}
	m.last = a.Tasks
	m.rebalances++
	// The group still has the data of the previous life of an instance that was restarted
	// within its session timeout.
	m.mustRejoin = m.mustRejoin || slices.ContainsFunc(m.assignment.Members, func(p peer) bool {
		return p.Producer == m.producer && (p.Address != m.cfg.Address || p.Known != m.stage.Tasks)
	})
	return a
}

// Rebalances counts the assignments.
func (m *Member) Rebalances() int64 {
	if m == nil {
		return 0
	}
	return m.rebalances
}

// without returns the tasks that aren't among others.
func without(tasks, others []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(tasks), func(t int32) bool { return slices.Contains(others, t) })
}
