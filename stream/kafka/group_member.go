package kafka

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A member is a place in a group as its member knows it. It is a state machine
// without any I/O: next says what to ask and when, and answered or missed what came
// of it. There is one request at a time.
//
// What is owned may be kept from one generation to the next only if the member has
// taken part in every generation: the leader of one in which it hasn't may have
// given everything to others, who may even have given it back.
type member struct {
	instance  string
	heartbeat time.Duration

	phase      phase
	asked      bool // a request of the phase is under way
	again      bool // there was a Rejoin since it was made
	id         string
	generation int32                   // of the last join; noGeneration: none
	members    []stream.GroupMember    // of the generation that this one leads
	given      []wire.MemberAssignment // by it
	claim      claim
	holds      bool  // there was an assignment since the last loss
	seen       int32 // the generation of the last assignment that was polled
	wish       bool  // a rebalance is wanted, when this one is over
	replaced   int   // how often, in a row
	replacedAt time.Time
	due        time.Time // when to ask next
	failures   int
	events     []stream.GroupEvent
}

// A phase is what a member is up to.
type phase int8

const (
	apart   phase = iota // waits for Rejoin
	joining              // has yet to hear of a generation
	leading              // has to assign
	syncing              // has yet to hear of its assignment
	steady               // has an assignment
	warned               // has one, and waits for Rejoin
	leaving
	over
)

// A groupStep is something to be asked.
type groupStep int8

const (
	groupRest groupStep = iota
	groupJoin
	groupAssign // of the user
	groupSync
	groupHeartbeat
	groupLeave
)

func (s groupStep) String() string {
	return [...]string{"resting", "joining", "assigning", "taking the assignment", "a heartbeat", "leaving"}[s]
}

// A member is replaced where a join comes as the same instance: by another process, or
// by a request of its own, or of its life before, that was on its way for long. What
// was on its way comes to its end, so the member joins anew; two processes take turns
// until one has been replaced too often.
const (
	replacements = 3
	replacedFor  = time.Minute // in which they count
)

func newMember(cfg *stream.GroupConfig) member {
	return member{
		instance: cfg.Instance, heartbeat: cfg.Heartbeat, generation: noGeneration, seen: noGeneration,
		claim: claim{topics: slices.Clone(cfg.Topics), generation: noGeneration},
	}
}

// next is what to ask, and when at the earliest.
func (m *member) next() (groupStep, time.Time) {
	switch m.phase {
	case joining:
		return groupJoin, m.due
	case leading:
		return groupAssign, time.Time{}
	case syncing:
		return groupSync, m.due
	case steady, warned:
		return groupHeartbeat, m.due
	case leaving:
		return groupLeave, m.due
	}
	return groupRest, time.Time{}
}

// rejoin is the user's.
func (m *member) rejoin(owned []stream.TopicPartition, data []byte) {
	if m.phase == over || m.phase == leaving || m.pending(stream.GroupLost) || m.pending(stream.GroupFailed) {
		return
	}
	m.events = slices.DeleteFunc(m.events, func(e stream.GroupEvent) bool { return e.Kind == stream.GroupRebalancing })
	m.claim.owned, m.claim.data, m.claim.generation = nil, slices.Clone(data), noGeneration
	if m.seen != noGeneration && len(owned) > 0 {
		m.claim.owned, m.claim.generation = slices.Clone(owned), m.seen
	}
	m.wish = false
	switch m.phase {
	case joining:
		m.again = m.asked
	case leading, syncing:
		m.again = true
	default:
		m.phase, m.due = joining, time.Time{}
	}
}

// wished is called for a rebalance.
func (m *member) wished() {
	m.claim.wish++
	switch m.phase {
	case steady:
		m.warn()
	case joining, leading, syncing:
		m.wish = true
	}
}

// leave is the user's last word.
func (m *member) leave() {
	if m.phase == over {
		return
	}
	joined := m.id != "" || m.instance != "" // a former life's, maybe
	m.phase, m.due, m.events = leaving, time.Time{}, nil
	if !joined {
		m.phase = over
	}
}

// warn tells of a rebalance, once.
func (m *member) warn() {
	m.phase = warned
	m.tell(stream.GroupEvent{Kind: stream.GroupRebalancing})
}

// lose is called when the group has gone on without this member. If it has had
// something, it must hear of that before it can have anything else.
func (m *member) lose(why error) {
	m.generation, m.members, m.given, m.again, m.wish = noGeneration, nil, nil, false, false
	if !m.holds && len(m.claim.owned) == 0 {
		m.phase = joining
		return
	}
	m.holds, m.claim.owned, m.seen = false, nil, noGeneration
	m.phase, m.events = apart, nil
	m.tell(stream.GroupEvent{Kind: stream.GroupLost, Err: why})
}

// fail is the end.
func (m *member) fail(err error) {
	if m.phase != over {
		m.phase, m.events = over, nil
		m.tell(stream.GroupEvent{Kind: stream.GroupFailed, Err: err})
	}
}

func (m *member) tell(e stream.GroupEvent) { m.events = append(m.events, e) }

func (m *member) pending(kind stream.GroupEventKind) bool {
	return slices.ContainsFunc(m.events, func(e stream.GroupEvent) bool { return e.Kind == kind })
}

// poll is the user's.
func (m *member) poll() stream.GroupEvent {
	if len(m.events) == 0 {
		return stream.GroupEvent{}
	}
	e := m.events[0]
	m.events = slices.Delete(m.events, 0, 1)
	if e.Kind == stream.GroupAssigned {
		m.seen = e.Generation
	}
	return e
}
