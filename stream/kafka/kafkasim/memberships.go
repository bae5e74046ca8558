package kafkasim

import (
	"slices"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A group is what its coordinator knows of a group that has had members: Kafka's
// ClassicGroup.
type group struct {
	name       string
	state      groupState
	generation int32
	kind       string // the protocol type
	protocol   string
	leader     string
	members    []*member // in the order in which they joined
	pending    []pendingMember
	deadline   time.Time // preparing: when members that have not joined are left out
	syncing    time.Time // when members that have not synced are left out; zero: all have
	stored     *group    // what the next coordinator will know
}

// A groupState is the state of a group.
type groupState int8

const (
	emptied groupState = iota
	preparing
	completing
	stable
)

// A pendingMember has been given an id, with which it must join again.
type pendingMember struct {
	id      string
	expires time.Time
}

// A member is a member of a group.
type member struct {
	id, instance       string
	session, rebalance time.Duration
	expires            time.Time
	fresh              bool // it has not been in a generation
	kind, protocol     string
	metadata           []byte
	assignment         []byte
	unsynced           bool
	join, sync         *held
}

// A held request of a member is answered later.
type held struct {
	cluster *Cluster
	node    int32
	life    int // of the broker
	answer  protocol.Message
}

// longest bounds how long a request of a member is held.
const longest = 10 * time.Minute

// freshSession bounds how long a new member waits for its first generation.
const freshSession = 5 * time.Minute

func (c *Cluster) hold(now time.Time, node int32, h *held) *Reply {
	*h = held{cluster: c, node: node, life: c.nodes[node-1].life, answer: h.answer}
	r := &Reply{held: h, Until: now.Add(longest)}
	r.Answer(now)
	return r
}

// answered reports whether there is an answer, and the broker hasn't died or restarted.
func (h *held) answered() bool {
	b := &h.cluster.nodes[h.node-1]
	return h.answer != nil && b.alive && b.life == h.life
}

// member returns a member by its id, or nil.
func (g *group) member(id string) *member {
	for _, m := range g.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

// static returns a member by its instance.
func (g *group) static(instance string) *member {
	for _, m := range g.members {
		if instance != "" && m.instance == instance {
			return m
		}
	}
	return nil
}

// find returns the member that sent a request, or the error.
func (g *group) find(id, instance string) (*member, int16) {
	if instance != "" {
		switch m := g.static(instance); {
		case m == nil:
			return nil, errcode.UnknownMember
		case m.id != id:
			return nil, errcode.FencedInstance
		}
	}
	if m := g.member(id); m != nil {
		return m, 0
	}
	return nil, errcode.UnknownMember
}

// live renews the member's session.
func (m *member) live(now time.Time) { m.expires = now.Add(m.session) }

// waits reports whether the group owes the member an answer: then its session doesn't end.
func (m *member) waits() bool { return m.join != nil || m.sync != nil }

// answerJoin answers a held join.
func (m *member) answerJoin(a wire.JoinGroupAnswer) {
	if m.join != nil {
		m.join.answer = &wire.JoinGroup{Answer: a}
		m.join = nil
	}
}

func (m *member) answerSync(a wire.SyncGroupAnswer) {
	if m.sync != nil {
		m.sync.answer = &wire.SyncGroup{Answer: a}
		m.sync = nil
	}
}

// drop answers all held requests with an error.
func (m *member) drop(failed int16) {
	m.answerJoin(wire.JoinGroupAnswer{Code: failed, Generation: -1, Member: m.id})
	m.answerSync(wire.SyncGroupAnswer{Code: failed})
}

// store keeps what a new coordinator will know.
func (g *group) store() {
	g.stored = g.copy()
}

func (g *group) copy() *group {
	n := &group{name: g.name, state: g.state, generation: g.generation, kind: g.kind, protocol: g.protocol, leader: g.leader}
	for _, m := range g.members {
		k := *m
		k.join, k.sync, k.fresh, k.unsynced = nil, nil, false, false
		n.members = append(n.members, &k)
	}
	return n
}

// resign ends a coordinator. What it hasn't stored is lost.
func (s *slot) resign() {
	kept := s.groups[:0]
	for _, g := range s.groups {
		for _, m := range g.members {
			m.drop(errcode.NotCoordinator)
		}
		if g.stored != nil {
			n := g.stored.copy()
			n.stored = g.stored
			kept = append(kept, n)
		}
	}
	clear(s.groups[len(kept):])
	s.groups = kept
}

// resume starts the sessions of all members at a new coordinator.
func (s *slot) resume(now time.Time) {
	for _, g := range s.groups {
		for _, m := range g.members {
			m.live(now)
		}
	}
}

// groupOf returns a group that has had members, nil if there is none.
func (s *slot) groupOf(name string) *group {
	i := slices.IndexFunc(s.groups, func(g *group) bool { return g.name == name })
	if i < 0 {
		return nil
	}
	return s.groups[i]
}
