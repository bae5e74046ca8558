package group

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
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

	phase            phase
	requested        bool // a request of the phase is under way
	rejoinAgain      bool // there was a Rejoin since it was made
	id               string
	generation       int32                   // of the last join; noGeneration: none
	members          []stream.GroupMember    // of the generation that this one leads
	assignments      []wire.MemberAssignment // by it
	subscription     Subscription
	assigned         bool  // there was an assignment since the last loss
	polledGeneration int32 // the generation of the last assignment that was polled
	rebalanceWanted  bool  // a rebalance is wanted, when this one is over
	replaced         int   // how often, in a row
	replacedAt       time.Time
	nextAt           time.Time // when to ask next
	failures         int
	events           []stream.GroupEvent
}

// A phase is what a member is up to.
type phase int8

const (
	idle             phase = iota // waits for Rejoin
	joining                       // has yet to hear of a generation
	leading                       // has to assign
	syncing                       // has yet to hear of its assignment
	stable                        // has an assignment
	rebalancePending              // has one, and waits for Rejoin
	leaving
	ended
)

// A step is something to be asked.
type step int8

const (
	stepNone step = iota
	stepJoin
	stepAssign // of the user
	stepSync
	stepHeartbeat
	stepLeave
)

func (s step) String() string {
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
		instance: cfg.Instance, heartbeat: cfg.Heartbeat, generation: cluster.NoGeneration, polledGeneration: cluster.NoGeneration,
		subscription: Subscription{Topics: slices.Clone(cfg.Topics), generation: cluster.NoGeneration},
	}
}

// next is what to ask, and when at the earliest.
func (m *member) next() (step, time.Time) {
	switch m.phase {
	case joining:
		return stepJoin, m.nextAt
	case leading:
		return stepAssign, time.Time{}
	case syncing:
		return stepSync, m.nextAt
	case stable, rebalancePending:
		return stepHeartbeat, m.nextAt
	case leaving:
		return stepLeave, m.nextAt
	}
	return stepNone, time.Time{}
}

// rejoin is the user's.
func (m *member) rejoin(owned []stream.TopicPartition, data []byte) {
	if m.phase == ended || m.phase == leaving || m.pending(stream.GroupLost) || m.pending(stream.GroupFailed) {
		return
	}
	m.events = slices.DeleteFunc(m.events, func(e stream.GroupEvent) bool { return e.Kind == stream.GroupRebalancing })
	m.subscription.owned, m.subscription.Data, m.subscription.generation = nil, slices.Clone(data), cluster.NoGeneration
	if m.polledGeneration != cluster.NoGeneration && len(owned) > 0 {
		m.subscription.owned, m.subscription.generation = slices.Clone(owned), m.polledGeneration
	}
	m.rebalanceWanted = false
	switch m.phase {
	case joining:
		m.rejoinAgain = m.requested
	case leading, syncing:
		m.rejoinAgain = true
	default:
		m.phase, m.nextAt = joining, time.Time{}
	}
}

// requestRebalance is called for a rebalance.
func (m *member) requestRebalance() {
	m.subscription.Rebalance++
	switch m.phase {
	case stable:
		m.announceRebalance()
	case joining, leading, syncing:
		m.rebalanceWanted = true
	}
}

// leave is the user's last word.
func (m *member) leave() {
	if m.phase == ended {
		return
	}
	joined := m.id != "" || m.instance != "" // a former life's, maybe
	m.phase, m.nextAt, m.events = leaving, time.Time{}, nil
	if !joined {
		m.phase = ended
	}
}

// announceRebalance tells of a rebalance, once.
func (m *member) announceRebalance() {
	m.phase = rebalancePending
	m.addEvent(stream.GroupEvent{Kind: stream.GroupRebalancing})
}

// lose is called when the group has gone on without this member. If it has had
// something, it must hear of that before it can have anything else.
func (m *member) lose(why error) {
	m.generation, m.members, m.assignments, m.rejoinAgain, m.rebalanceWanted = cluster.NoGeneration, nil, nil, false, false
	if !m.assigned && len(m.subscription.owned) == 0 {
		m.phase = joining
		return
	}
	m.assigned, m.subscription.owned, m.polledGeneration = false, nil, cluster.NoGeneration
	m.phase, m.events = idle, nil
	m.addEvent(stream.GroupEvent{Kind: stream.GroupLost, Err: why})
}

// fail is the end.
func (m *member) fail(err error) {
	if m.phase != ended {
		m.phase, m.events = ended, nil
		m.addEvent(stream.GroupEvent{Kind: stream.GroupFailed, Err: err})
	}
}

func (m *member) addEvent(e stream.GroupEvent) { m.events = append(m.events, e) }

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
		m.polledGeneration = e.Generation
	}
	return e
}
