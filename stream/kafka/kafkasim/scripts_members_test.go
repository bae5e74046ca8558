package kafkasim

import "github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"

func memberScripts() map[string]func(*script) {
	return map[string]func(*script){
		"members":                 members,
		"members that leave":      leavingMembers,
		"instances":               instances,
		"instances in rebalances": instancesInRebalances,
		"other protocols":         otherProtocols,
		"sessions":                sessions,
		"late joins":              lateJoins,
		"late syncs":              lateSyncs,
		"commits of members":      memberCommits,
		"invalid members":         invalidMembers,
		"described groups":        groupsAsSeen,
	}
}

func members(s *script) {
	a, b := newPeer("a"), newPeer("b")
	s.leave(a)
	s.beat(a) // not first: a coordinator that is loading answers without an error
	s.sync(a)
	s.pair(a, b)
	s.sync(a, a) // repeated
	s.sync(b)
	s.join(b) // unchanged
	s.beat(a, b)
	b.data = "more"
	late := s.joining(b)
	s.notices(a)
	s.beat(b)
	s.sync(a, a, b)
	s.join(a)
	late()
	s.join(a) // repeated
	s.join(b)
	s.beat(a, b)
	s.sync(a, a) // b is forgotten
	s.sync(b)
	late = s.joining(a) // a leader's join starts a rebalance even if it is unchanged
	s.notices(b)
	s.join(b)
	late()
	b.data = "yet more"
	late = s.joining(b) // before anything is assigned
	s.notices(a)
	s.sync(a, a, b)
	s.join(a)
	late()
	s.sync(a, a, b)
	s.sync(b)
}

func leavingMembers(s *script) {
	a, b := newPeer("a"), newPeer("b")
	s.pair(a, b)
	s.leave(a) // the leader
	s.beat(a)
	s.leave(a)
	s.notices(b)
	s.join(b)
	s.sync(b, b)
	c := newPeer("c")
	s.join(c)
	late := s.joining(c)
	s.notices(b)
	s.leave(b)
	late()
	s.beat(b, c)
	s.sync(c, c)
	s.join(b) // unchanged
	b.id = ""
	s.join(b)
	s.leave(b) // before it has joined with its id
	s.beat(c)
	s.join(b)
	s.leave(c)
	s.beat(c)
	d := newPeer("d")
	s.enter(d)
	s.sync(d, d)
}

func instances(s *script) {
	a, b := newInstance("a"), newInstance("b")
	s.pair(a, b)
	old := *b
	b.id, b.data = "", "joined again"
	s.join(b)
	s.beat(&old, b, a)
	s.sync(b)
	s.sync(&old)
	s.join(&old)
	s.leave(&old)
	s.join(b) // unchanged
	old = *a
	a.id = ""
	s.join(a) // the leader
	s.sync(a, a)
	s.beat(&old, a, b)
	late := s.joining(a)
	s.notices(b)
	s.join(b)
	late()
	s.sync(a, a, b)
	s.sync(b)
	wrong := *b
	wrong.instance = "c"
	s.beat(&wrong)
	s.leave(&wrong)
	wrong.instance = "a"
	s.beat(&wrong)
	s.leave(&wrong)
	wrong.instance = ""
	s.beat(&wrong)
	b.id = ""
	s.leave(b) // by its instance
	s.leave(b)
	s.notices(a)
	s.join(a)
	s.sync(a, a)
}

func instancesInRebalances(s *script) {
	a, b := newInstance("a"), newInstance("b")
	s.pair(a, b)
	late := s.joining(a)
	s.notices(b)
	old := *a
	a.id = ""
	again := s.joining(a) // while it waits
	late()
	s.pass(func() bool { return s.heartbeat(&old) == errcode.FencedInstance })
	s.join(b)
	again()
	b.id = ""
	late = s.joining(b) // while nothing is assigned
	s.notices(a)
	s.sync(a, a, b)
	s.join(a)
	late()
	s.sync(a, a, b)
	s.sync(b)
}

func otherProtocols(s *script) {
	a := newInstance("a")
	a.protocol = ""
	s.join(a)
	a.protocol = "grete"
	s.join(a)
	s.sync(a, a)
	for _, b := range []*peer{newPeer("b"), newInstance("b"), newInstance("a")} {
		b.protocol = "range"
		s.join(b)
	}
	other := *a
	other.protocol = "range"
	s.join(&other)
	s.beat(a)
	s.leave(a)
	b := newPeer("b")
	b.protocol = "range"
	s.enter(b)
	a.id = ""
	s.join(a)
}

func sessions(s *script) {
	a, b := newPeer("a"), newInstance("b")
	s.enter(a)
	s.sync(a, a)
	late := s.joining(b)
	s.notices(a)
	s.join(a)
	late()
	s.sync(a, a, b)
	s.sync(b)
	s.notices(a) // when b's session is over
	s.beat(b)
	s.join(a)
	s.join(b)
	s.sync(a, a)
	s.pass(func() bool { return s.expired(a) })
	b.id = ""
	s.join(b)
	s.sync(b, b)
}

// expired reports whether a member has expired, without sending a heartbeat.
func (s *script) expired(p *peer) bool {
	probe := *p
	probe.generation--
	return s.heartbeat(&probe) == errcode.UnknownMember
}

func lateJoins(s *script) {
	a, b, c := newPeer("a"), newInstance("b"), newPeer("c")
	s.pair(a, c)
	late := s.joining(b)
	s.notices(a)
	s.join(a) // c doesn't
	late()
	s.beat(c)
	s.join(c)
	s.sync(a, a, b)
	s.sync(b)
	d := newPeer("d")
	s.join(d)
	late = s.joining(d)
	s.notices(a)
	s.join(a) // b doesn't, and is an instance
	late()
	s.beat(b)
	s.sync(b)
	s.sync(a, a, b, d)
	s.sync(d)
	late = s.joining(b) // it is back
	s.notices(a)
	again := s.joining(a)
	s.notices(d)
	s.join(d)
	late()
	again()
}

func lateSyncs(s *script) {
	a, b := newPeer("a"), newInstance("b")
	s.enter(a)
	s.sync(a, a)
	late := s.joining(b)
	s.notices(a)
	s.join(a)
	late()
	s.sync(a, a, b)
	s.notices(a) // b hasn't requested its assignment
	s.beat(b)
	s.sync(b)
	s.join(a)
	s.pass(func() bool { return s.expired(a) }) // the leader doesn't assign
}

func memberCommits(s *script) {
	s.topic("t", 1)
	w := s.initialise(newcomer("w"))
	nobody := newPeer("nobody")
	nobody.generation = -1
	first := newPeer("first")
	first.generation = 1
	s.commits(w, first)
	s.commits(w, nobody)
	s.commits(w, first)
	a, b := newPeer("a"), newInstance("b")
	s.enter(a)
	s.commits(w, a)
	s.sync(a, a)
	s.commits(w, a)
	s.commits(w, nobody)
	late := s.joining(b)
	s.notices(a)
	s.commits(w, a)
	s.commits(w, nobody)
	old := *a
	s.join(a)
	late()
	for range 2 {
		for _, p := range []*peer{a, &old, b, nobody} {
			s.commits(w, p)
		}
		s.sync(a, a, b)
	}
	s.sync(b)
	replaced := *b
	b.id = ""
	s.join(b)
	s.commits(w, b)
	s.commits(w, &replaced)
	replaced.id = ""
	s.commits(w, &replaced)
	replaced.generation = -1
	s.commits(w, &replaced)
	s.leave(b)
	s.leave(a)
	for _, p := range []*peer{a, b, nobody, first} {
		s.commits(w, p)
	}
	s.offsets("g", "t", 0)
}

func groupsAsSeen(s *script) {
	s.look("g")
	a, b, c := newPeer("a"), newInstance("b"), newPeer("c")
	s.enter(a)
	s.sync(a, a)
	s.look("g")
	late := s.joining(b)
	s.notices(a)
	s.look("g")
	s.join(a)
	late()
	s.look("g")
	s.sync(a, a) // b is forgotten
	s.look("g")
	s.sync(b)
	b.id, b.data = "", "joined again"
	s.join(b)
	s.look("g")
	late = s.joining(a)
	s.notices(b)
	s.join(b)
	late()
	s.look("g")
	b.data = "more"
	late = s.joining(b) // before anything is assigned
	s.notices(a)
	s.look("g")
	s.join(a)
	late()
	s.look("g")
	s.sync(a, a, b)
	s.sync(b)
	s.look("g")
	s.join(c) // it has only an id
	s.look("g")
	s.leave(c)
	s.leave(b)
	s.look("g")
	s.leave(a)
	s.look("g")
	d := newPeer("d")
	d.protocol = "range"
	s.enter(d)
	s.sync(d, d)
	s.look("g")
	s.topic("t", 1)
	s.commit("h", -1, "t", 0, 5)
	s.look("h")
}

func invalidMembers(s *script) {
	a := newPeer("a")
	a.id = "nonsense"
	s.join(a)
	a.id = ""
	for _, session := range []int32{0, 5999, 1800001} {
		a.session = session
		s.join(a)
	}
	a.session = 6000
	s.enter(a)
	a.generation = 7
	s.beat(a)
	s.sync(a, a)
	a.generation = 1
	other := newInstance("other")
	other.id, other.generation = a.id, 1
	s.beat(other)
	s.join(other)
	s.sync(a, a)
	s.enter(newPeer("alone")) // until a's session is over
	s.beat(a)
}
