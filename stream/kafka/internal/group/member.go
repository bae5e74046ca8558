package group

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A member is the state machine of a place in a group, without I/O: next returns the step
// to take and when, answered and missed take in its result. There is one request at a
// time.
//
// A member may keep partitions from one generation to the next only if it is in every
// generation. If it misses one, the leader may have assigned its partitions to others, which
// may have released them again since.
type member struct {
	instance  string
	heartbeat time.Duration

	phase            phase
	requested        bool // a request of the phase is in flight
	rejoinAgain      bool // Rejoin was called after that request
	id               string
	generation       int32                   // of the last join, or cluster.NoGeneration
	members          []stream.GroupMember    // of the generation, if this member leads it
	assignments      []wire.MemberAssignment // by this member, if it leads
	subscription     Subscription
	assigned         bool  // there was an assignment since the last loss
	polledGeneration int32 // of the last assignment that the user has polled
	rebalanceWanted  bool  // after the current one
	replaced         int   // in a row
	replacedAt       time.Time
	nextAt           time.Time // when to take the next step
	failures         int
	events           []stream.GroupEvent
}

// A phase is the state of a member.
type phase int8

const (
	idle             phase = iota // waits for Rejoin
	joining                       // waits for a generation
	leading                       // has to assign
	syncing                       // waits for its assignment
	stable                        // has an assignment
	rebalancePending              // has an assignment, and waits for Rejoin
	leaving
	ended
)

// A step is a request to the coordinator, or of the user.
type step int8

const (
	stepNone step = iota
	stepJoin
	stepAssign // by the user
	stepSync
	stepHeartbeat
	stepLeave
)

func (s step) String() string {
	return [...]string{"none", "join", "assign", "sync", "heartbeat", "leave"}[s]
}

// A member is replaced by a join of the same instance: by another process, or by a delayed
// request of its own or of an earlier process. Delayed requests come to an end, so the member
// joins again; two processes take turns until one has been replaced too often.
const (
	replacements = 3
	replacedFor  = time.Minute // in which they count
)

// newMember returns a member that waits for the first Rejoin.
func newMember(cfg *stream.GroupConfig) member {
	return member{
		instance: cfg.Instance, heartbeat: cfg.Heartbeat, generation: cluster.NoGeneration, polledGeneration: cluster.NoGeneration,
		subscription: Subscription{Topics: slices.Clone(cfg.Topics), generation: cluster.NoGeneration},
	}
}

// next returns the step to take, and the earliest time for it.
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

// rejoin is called by the user.
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

// requestRebalance is called by the user.
func (m *member) requestRebalance() {
	m.subscription.Rebalance++
	switch m.phase {
	case stable:
		m.announceRebalance()
	case joining, leading, syncing:
		m.rebalanceWanted = true
	}
}

// leave is the user's last call.
func (m *member) leave() {
	if m.phase == ended {
		return
	}
	joined := m.id != "" || m.instance != "" // possibly by an earlier process of the instance
	m.phase, m.nextAt, m.events = leaving, time.Time{}, nil
	if !joined {
		m.phase = ended
	}
}

// announceRebalance tells the user of a rebalance, once.
func (m *member) announceRebalance() {
	m.phase = rebalancePending
	m.addEvent(stream.GroupEvent{Kind: stream.GroupRebalancing})
}

// lose is called when the group has gone on without this member. The user must hear of
// lost partitions before it can get others.
func (m *member) lose(why error) {
	m.generation, m.members, m.assignments, m.rejoinAgain, m.rebalanceWanted = cluster.NoGeneration, nil, nil, false, false
	if !m.assigned && len(m.subscription.owned) == 0 {
		m.phase = joining
		return
	}
	m.drop(why)
}

// drop tells the user that it owns nothing. It joins again when the user says so.
func (m *member) drop(why error) {
	m.generation, m.members, m.assignments, m.rejoinAgain, m.rebalanceWanted = cluster.NoGeneration, nil, nil, false, false
	m.assigned, m.subscription.owned, m.polledGeneration = false, nil, cluster.NoGeneration
	m.phase, m.events = idle, nil
	m.addEvent(stream.GroupEvent{Kind: stream.GroupLost, Err: why})
}

// fail ends the membership.
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

// poll is called by the user.
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
