package group

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A stepAnswer is the result of a step. Each step sets some of the fields.
type stepAnswer struct {
	code        kerr.Code
	generation  int32
	id, leader  string
	members     []wire.JoinedMember
	assignment  []byte
	assignments []wire.MemberAssignment
}

// missed takes in a step without a usable answer. It is repeated.
func (m *member) missed(now time.Time) {
	m.requested = false
	m.nextAt = now.Add(link.Backoff(m.failures))
	m.failures++
}

// answered takes in the coordinator's answer.
func (m *member) answered(s step, a *stepAnswer, now time.Time) {
	m.requested, m.failures = false, 0
	m.nextAt = time.Time{}
	if m.phase == stable || m.phase == rebalancePending {
		m.nextAt = now.Add(m.heartbeat)
	}
	switch {
	case m.phase == ended:
	case s == stepLeave:
		m.phase = ended // whatever the code: there is nothing left to leave
	case m.phase == leaving:
		if s == stepJoin && a.id != "" {
			m.id = a.id
		}
	case a.code == 0:
		m.done(s, a, now)
	case a.code == kerr.MemberIDRequired:
		m.id = a.id
	case a.code == kerr.RebalanceInProgress:
		m.rebalance(s, now)
	case a.code == kerr.UnknownMember:
		m.id = ""
		m.lose(stream.ErrExpired)
	case a.code == kerr.IllegalGeneration:
		m.lose(stream.ErrExpired)
	case a.code == kerr.FencedInstance:
		m.replace(now)
	}
}

// replace is called after a join of the same instance.
func (m *member) replace(now time.Time) {
	if now.Sub(m.replacedAt) > replacedFor {
		m.replaced = 0
	}
	m.replaced, m.replacedAt = m.replaced+1, now
	if m.replaced > replacements {
		m.fail(fmt.Errorf("%w: %q", stream.ErrReplaced, m.instance))
		return
	}
	m.id = ""
	m.drop(stream.ErrReplaced) // the user may find out who it was before joining again
}

// done takes in a successful answer.
func (m *member) done(s step, a *stepAnswer, now time.Time) {
	switch {
	case s == stepJoin && m.phase == joining:
		m.joined(a)
	case s == stepAssign && m.phase == leading:
		m.assignments, m.phase = a.assignments, syncing
	case s == stepSync && m.phase == syncing:
		m.synced(a, now)
	}
}

// joined begins a generation.
func (m *member) joined(a *stepAnswer) {
	before := m.generation
	m.id, m.generation = a.id, a.generation
	m.members, m.assignments = nil, nil
	owns := m.assigned || len(m.subscription.owned) > 0
	if owns && before != cluster.NoGeneration && a.generation > before+1 {
		m.lose(stream.ErrExpired) // it missed a generation
		return
	}
	if m.rejoinAgain {
		m.rejoinAgain = false
		return // joins again, with a new subscription
	}
	m.phase = syncing
	if a.leader != a.id {
		return
	}
	members, err := decodeMembers(a.members)
	if err != nil {
		m.fail(fmt.Errorf("leading generation %d: %w", a.generation, err))
		return
	}
	m.members, m.phase = members, leading
}

// synced takes in an assignment.
func (m *member) synced(a *stepAnswer, now time.Time) {
	partitions, data, err := DecodeAssignment(a.assignment)
	if err != nil {
		m.fail(fmt.Errorf("the assignment of generation %d: %w", m.generation, err))
		return
	}
	if m.rejoinAgain {
		m.rejoinAgain, m.phase = false, joining
		return
	}
	e := stream.GroupEvent{Kind: stream.GroupAssigned, Generation: m.generation, Member: m.id, Partitions: partitions, Data: data}
	for i := range m.members {
		e.Members = append(e.Members, m.members[i].ID)
	}
	m.assigned, m.phase, m.nextAt = true, stable, now.Add(m.heartbeat)
	m.members, m.assignments = nil, nil
	m.addEvent(e)
	if m.rebalanceWanted {
		m.rebalanceWanted = false
		m.announceRebalance()
	}
}

// rebalance is called when the group begins another generation.
func (m *member) rebalance(s step, now time.Time) {
	switch {
	case s == stepHeartbeat && m.phase == stable:
		m.announceRebalance()
	case s == stepSync && m.phase == syncing:
		m.phase = joining // its subscription has what it owns
	default:
		m.nextAt = now.Add(m.heartbeat)
	}
}
