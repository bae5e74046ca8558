package kafka

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A groupAnswer is what came of a step, of those fields that it has.
type groupAnswer struct {
	code       code
	generation int32
	id, leader string
	members    []wire.JoinedMember
	assignment []byte
	given      []wire.MemberAssignment
}

// missed says that a step has had no answer, or none that counts: it is repeated.
func (m *member) missed(now time.Time) {
	m.asked = false
	m.due = now.Add(backoff(m.failures))
	m.failures++
}

// answered says what a broker has answered.
func (m *member) answered(s groupStep, a *groupAnswer, now time.Time) {
	m.asked, m.failures = false, 0
	m.due = time.Time{}
	if m.phase == steady || m.phase == warned {
		m.due = now.Add(m.heartbeat)
	}
	switch {
	case m.phase == over:
	case s == groupLeave:
		m.phase = over // whatever it says: there is nothing left to leave
	case m.phase == leaving:
		if s == groupJoin && a.id != "" {
			m.id = a.id
		}
	case a.code == 0:
		m.done(s, a, now)
	case a.code == memberIDRequired:
		m.id = a.id
	case a.code == rebalancing:
		m.rebalance(s, now)
	case a.code == unknownMember:
		m.id = ""
		m.lose(stream.ErrExpired)
	case a.code == illegalGeneration:
		m.lose(stream.ErrExpired)
	case a.code == fencedInstance:
		m.replace(now)
	}
}

// replace is called when a join has come as the same instance.
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
	m.lose(stream.ErrReplaced)
}

// done is answered where nothing is wrong.
func (m *member) done(s groupStep, a *groupAnswer, now time.Time) {
	switch {
	case s == groupJoin && m.phase == joining:
		m.joined(a)
	case s == groupAssign && m.phase == leading:
		m.given, m.phase = a.given, syncing
	case s == groupSync && m.phase == syncing:
		m.synced(a, now)
	}
}

// joined is where a generation begins.
func (m *member) joined(a *groupAnswer) {
	before := m.generation
	m.id, m.generation = a.id, a.generation
	m.members, m.given = nil, nil
	owns := m.holds || len(m.claim.owned) > 0
	if owns && before != noGeneration && a.generation > before+1 {
		m.lose(stream.ErrExpired) // one has passed without it
		return
	}
	if m.again {
		m.again = false
		return // joining still, and with a new claim
	}
	m.phase = syncing
	if a.leader != a.id {
		return
	}
	members, err := known(a.members)
	if err != nil {
		m.fail(fmt.Errorf("leading generation %d: %w", a.generation, err))
		return
	}
	m.members, m.phase = members, leading
}

// synced is where it has an assignment.
func (m *member) synced(a *groupAnswer, now time.Time) {
	partitions, data, err := decodeAssignment(a.assignment)
	if err != nil {
		m.fail(fmt.Errorf("the assignment of generation %d: %w", m.generation, err))
		return
	}
	if m.again {
		m.again, m.phase = false, joining
		return
	}
	e := stream.GroupEvent{Kind: stream.GroupAssigned, Generation: m.generation, Member: m.id, Partitions: partitions, Data: data}
	for i := range m.members {
		e.Members = append(e.Members, m.members[i].ID)
	}
	m.holds, m.phase, m.due = true, steady, now.Add(m.heartbeat)
	m.members, m.given = nil, nil
	m.tell(e)
	if m.wish {
		m.wish = false
		m.warn()
	}
}

// rebalance is called when the group goes on to another generation.
func (m *member) rebalance(s groupStep, now time.Time) {
	switch {
	case s == groupHeartbeat && m.phase == steady:
		m.warn()
	case s == groupSync && m.phase == syncing:
		m.phase = joining // what it claims is what it has
	default:
		m.due = now.Add(m.heartbeat)
	}
}
