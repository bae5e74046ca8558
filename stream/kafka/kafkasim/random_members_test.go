package kafkasim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// randomMembers has the members of group g and their assignments.
type randomMembers struct {
	peers   []*peer
	waiting []waiting
	given   map[int32]string  // the mark of a generation's assignment
	owner   map[string]string // who was given something
	reached int32             // the last generation that was stable
	synced  int
}

// waiting is a held request, and its sender's reaction to the answer.
type waiting struct {
	*Reply
	req    protocol.Message
	learns func(protocol.Message)
}

func ignored(protocol.Message) {}

func newRandomMembers() randomMembers {
	return randomMembers{
		peers: []*peer{newPeer("a"), newPeer("b"), newInstance("c"), newInstance("d")},
		given: make(map[int32]string), owner: make(map[string]string),
	}
}

// member sends a random request of a member.
func (r *random) member() {
	p := r.peers[r.dice.IntN(len(r.peers))]
	switch r.dice.IntN(12) {
	case 0:
		p.id = "" // it joins as a new member
	case 1:
		if r.dice.IntN(4) == 0 {
			r.ofGroup(&wire.LeaveGroup{Group: "g", Member: p.id, Instance: p.instance}, ignored)
		}
	case 2, 3:
		r.ofGroup(&wire.Heartbeat{Group: "g", Generation: p.generation, Member: p.id, Instance: p.instance}, ignored)
	case 4:
		r.ofGroup(&offsetcommit.Request{GroupID: "g", GenerationID: p.generation, MemberID: p.id, GroupInstanceID: p.instance}, ignored)
	case 5:
		r.ofGroup(&wire.DescribeGroup{Group: "g"}, ignored)
	case 6, 7, 8:
		r.syncs(p)
	default:
		r.counter++
		p.data = fmt.Sprint(r.counter / 8)
		r.ofGroup(&wire.JoinGroup{
			Group: "g", SessionTimeout: p.session, RebalanceTimeout: p.rebalance, Member: p.id, Instance: p.instance,
			ProtocolType: "consumer", Protocol: p.protocol, Metadata: subscription(p.data),
		}, func(answer protocol.Message) { p.joined(&answer.(*wire.JoinGroup).Answer) })
	}
}

// joined handles the answer to a join.
func (p *peer) joined(a *wire.JoinGroupAnswer) {
	switch a.Code {
	case 0:
		p.id, p.generation, p.others = a.Member, a.Generation, a.Members
	case errcode.MemberIDRequired:
		p.id = a.Member
	case errcode.UnknownMember, errcode.FencedInstance:
		p.id = ""
	}
}

// syncs requests a peer's assignment. A leader assigns, with a mark of its own.
func (r *random) syncs(p *peer) {
	req := &wire.SyncGroup{Group: "g", Generation: p.generation, Member: p.id, Instance: p.instance}
	r.counter++
	for _, m := range p.others {
		req.Assignments = append(req.Assignments, wire.MemberAssignment{Member: m.Member, Assignment: fmt.Appendf(nil, "%d for %s", r.counter, m.Member)})
	}
	r.ofGroup(req, func(answer protocol.Message) {
		if a := answer.(*wire.SyncGroup).Answer; a.Code == 0 && a.Assignment != nil {
			r.assigned(p, req.Generation, string(a.Assignment))
		}
	})
}

// assigned checks that a generation has one assignment, and no two members get the same.
func (r *random) assigned(p *peer, generation int32, what string) {
	r.synced++
	mark, _, _ := strings.Cut(what, " ")
	if other, ok := r.given[generation]; ok && other != mark {
		r.Fatalf("seed %d: generation %d has two assignments: %s and %s", r.seed, generation, other, mark)
	}
	r.given[generation] = mark
	if other, ok := r.owner[what]; ok && other != p.name {
		r.Fatalf("seed %d: %q is assigned to %s and %s", r.seed, what, other, p.name)
	}
	r.owner[what] = p.name
}

// ofGroup sends a request to the group's coordinator, or sometimes to another broker.
func (r *random) ofGroup(req protocol.Message, learns func(protocol.Message)) {
	node := r.c.Leader(CoordinatorOf("g", false))
	if r.dice.IntN(20) == 0 {
		node = 1 + int32(r.dice.IntN(2))
	}
	r.asks(node, req, learns)
}

// arrive delivers the answers that have become ready.
func (r *random) arrive() {
	r.waiting = slices.DeleteFunc(r.waiting, func(w waiting) bool {
		if !w.answered(r.now) {
			return false
		}
		fmt.Fprintln(&r.trace, "answered:", Describe(w.req), w.Reply)
		return true
	})
}

// answered reports whether the request is answered. If so, it delivers the answer.
func (w *waiting) answered(now time.Time) bool {
	if !w.Answer(now) {
		return false
	}
	w.learns(w.Deliver(w.req))
	return true
}

// checkGroup checks the invariants of the group.
func (r *random) checkGroup() {
	g := r.c.groupOf("g")
	if g == nil {
		return
	}
	ids := make(map[string]bool)
	for _, m := range g.members {
		if ids[m.id] || m.instance != "" && g.static(m.instance) != m {
			r.Fatalf("seed %d: %s is in the group twice", r.seed, m.id)
		}
		ids[m.id] = true
	}
	if (g.state == emptied) == (len(g.members) > 0) && g.state != preparing || len(g.members) > 0 && !ids[g.leader] {
		r.Fatalf("seed %d: the group is %s, with %d members led by %q", r.seed, g.state, len(g.members), g.leader)
	}
	if g.state == stable {
		if g.generation < r.reached {
			r.Fatalf("seed %d: generation %d comes after %d", r.seed, g.generation, r.reached)
		}
		r.reached = g.generation
	}
}

// endGroup checks the group after all sessions have expired.
func (r *random) endGroup() {
	a := r.c.describeGroup(r.c.Leader(CoordinatorOf("g", false)), &wire.DescribeGroup{Group: "g"}).Answer
	if a.Code != 0 || len(a.Members) > 0 || a.State != "Empty" && a.State != "Dead" {
		r.Errorf("seed %d: in the end the group is %+v", r.seed, a)
	}
}
