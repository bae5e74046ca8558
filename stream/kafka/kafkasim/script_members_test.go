package kafkasim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A peer is a member of group g, with what it knows of itself.
type peer struct {
	name, instance, id string
	generation         int32
	others             []wire.JoinedMember // if it leads, all members
	data               string
	protocol           string
	session, rebalance int32
	lives              int
}

func newPeer(name string) *peer {
	return &peer{name: name, protocol: "grete", session: 6000, rebalance: 2000, data: name}
}

func newInstance(name string) *peer {
	p := newPeer(name)
	p.instance = name
	return p
}

// subscriptionHead is a version, no topics, and the length of the data.
const subscriptionHead = 2 + 4 + 4

// subscription encodes a member's data as a consumer's subscription. Brokers parse it, and
// may fail to describe a group if they can't.
func subscription(data string) []byte {
	b := make([]byte, subscriptionHead-4, subscriptionHead+len(data))
	return append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...)
}

// group returns the coordinator of group g.
func (s *script) group() (name string, node int32) {
	name = s.real("g")
	return name, s.coordinator(name, false)
}

// member returns the script's name of a member id.
func (s *script) member(id string) string {
	if id == "" {
		return "nobody"
	}
	if name, ok := s.members[id]; ok {
		return name
	}
	return "a stranger"
}

// joining sends a join, and returns a function that waits for its answer and writes it down.
func (s *script) joining(p *peer) (answered func()) {
	group, node := s.group()
	who := p.name + " as " + s.member(p.id)
	answer := s.send(node, &wire.JoinGroup{
		Group: group, SessionTimeout: p.session, RebalanceTimeout: p.rebalance, Member: p.id, Instance: p.instance,
		ProtocolType: "consumer", Protocol: p.protocol, Metadata: subscription(p.data),
	})
	return func() {
		a := answer().(*wire.JoinGroup).Answer
		if a.Code == 0 || a.Code == errcode.MemberIDRequired {
			if _, ok := s.members[a.Member]; !ok {
				p.lives++
				s.members[a.Member] = fmt.Sprintf("%s.%d", p.name, p.lives)
			}
			p.id = a.Member
		}
		if a.Code != 0 {
			s.say("join %s: %s, %s", who, code(a.Code), s.member(a.Member))
			return
		}
		p.generation = a.Generation
		var all []string
		for _, m := range a.Members {
			all = append(all, fmt.Sprintf(" %s %q %s", s.member(m.Member), m.Instance, m.Metadata[subscriptionHead:]))
		}
		slices.Sort(all)
		s.say("join %s: %s in generation %d by %s, led by %s%s", who, s.member(a.Member), a.Generation, a.Protocol, s.member(a.Leader), strings.Join(all, ","))
	}
}

func (s *script) join(p *peer) { s.joining(p)() }

// enter joins a member that needs an id first.
func (s *script) enter(p *peer) {
	s.join(p)
	s.join(p)
}

func (s *script) syncing(p *peer, assigned ...*peer) (answered func()) {
	group, node := s.group()
	req := &wire.SyncGroup{Group: group, Generation: p.generation, Member: p.id, Instance: p.instance}
	for _, a := range assigned {
		req.Assignments = append(req.Assignments, wire.MemberAssignment{Member: a.id, Assignment: []byte("for " + a.name)})
	}
	who := fmt.Sprintf("%s of generation %d", s.member(p.id), p.generation)
	answer := s.send(node, req)
	return func() {
		a := answer().(*wire.SyncGroup).Answer
		s.say("sync %s: %s %q", who, code(a.Code), a.Assignment)
	}
}

func (s *script) sync(p *peer, assigned ...*peer) { s.syncing(p, assigned...)() }

func (s *script) heartbeat(p *peer) int16 {
	group, node := s.group()
	return s.ask(node, &wire.Heartbeat{Group: group, Generation: p.generation, Member: p.id, Instance: p.instance}).(*wire.Heartbeat).Code
}

func (s *script) beat(all ...*peer) {
	for _, p := range all {
		s.say("heartbeat %s of generation %d: %s", s.member(p.id), p.generation, code(s.heartbeat(p)))
	}
}

// notices waits until a member's heartbeat reports a rebalance.
func (s *script) notices(p *peer) {
	s.pass(func() bool { return s.heartbeat(p) == errcode.RebalanceInProgress })
	s.beat(p)
}

func (s *script) leave(p *peer) {
	group, node := s.group()
	a := s.ask(node, &wire.LeaveGroup{Group: group, Member: p.id, Instance: p.instance}).(*wire.LeaveGroup)
	s.say("leave %s %q: %s", s.member(p.id), p.instance, code(a.Code))
}

// look writes down the description of a group.
func (s *script) look(group string) {
	g := s.ask(s.coordinator(s.real(group), false), &wire.DescribeGroup{Group: s.real(group)}).(*wire.DescribeGroup).Answer
	var all []string
	for _, m := range g.Members {
		said := m.Metadata
		if len(said) > 0 {
			said = said[subscriptionHead:]
		}
		all = append(all, fmt.Sprintf(" %s %q %q has %q", s.member(m.Member), m.Instance, said, m.Assignment))
	}
	slices.Sort(all)
	s.say("look at %s: %s, %s %q %q%s", group, code(g.Code), g.State, g.ProtocolType, g.Protocol, strings.Join(all, ","))
}

// commits commits as a member, without and with a transaction.
func (s *script) commits(w who, p *peer) {
	group, node := s.group()
	plain := s.ask(node, &offsetcommit.Request{
		GroupID: group, GenerationID: p.generation, MemberID: p.id, GroupInstanceID: p.instance,
		Topics: []offsetcommit.RequestTopic{{Name: s.real("t"), Partitions: []offsetcommit.RequestPartition{{CommittedOffset: 5, CommittedLeaderEpoch: -1}}}},
	}).(*offsetcommit.Response).Topics[0].Partitions[0].ErrorCode
	s.addOffsets(w, "g")
	transactional := s.ask(node, &txnoffsetcommit.Request{
		TransactionalID: s.real(w.id), ProducerID: w.pid, ProducerEpoch: w.epoch,
		GroupID: group, GenerationID: p.generation, MemberID: p.id, GroupInstanceID: p.instance,
		Topics: []txnoffsetcommit.RequestTopic{{Name: s.real("t"), Partitions: []txnoffsetcommit.RequestPartition{{CommittedOffset: 6, CommittedLeaderEpoch: -1}}}},
	}).(*txnoffsetcommit.Response).Topics[0].Partitions[0].ErrorCode
	s.settled(w, true)
	s.say("commit %s %q of generation %d: %s, in a transaction %s", s.member(p.id), p.instance, p.generation, code(plain), code(transactional))
}

// pair makes a generation of two members. The first one leads.
func (s *script) pair(a, b *peer) {
	enter := s.join
	if a.instance == "" {
		enter = s.enter
	}
	enter(a)
	s.sync(a, a)
	if b.instance == "" {
		s.join(b)
	}
	late := s.joining(b)
	s.notices(a)
	s.join(a)
	late()
	second := s.syncing(b)
	s.sync(a, a, b)
	second()
	s.beat(a, b)
}
