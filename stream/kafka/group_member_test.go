package kafka

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// steadyMember has partition t/0 since generation 5.
func steadyMember(now time.Time) member {
	m := newMember(&stream.GroupConfig{Instance: "i", Topics: []string{"t"}, Heartbeat: time.Second})
	m.rejoin(nil, nil)
	m.answered(groupJoin, &groupAnswer{generation: 5, id: "i-1", leader: "x"}, now)
	m.answered(groupSync, &groupAnswer{assignment: encodeAssignment([]stream.TopicPartition{at("t", 0)}, []byte("data"))}, now)
	m.poll()
	return m
}

// TestMember: what a steady member does about whatever it is told.
func TestMember(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	owned := []stream.TopicPartition{at("t", 0)}
	rejoin := func(m *member) { m.rejoin(owned, nil) }
	told := func(s groupStep, a groupAnswer) func(*member) {
		return func(m *member) { m.answered(s, &a, now) }
	}
	beat := func(c code) func(*member) { return told(groupHeartbeat, groupAnswer{code: c}) }
	joined := func(generation int32) func(*member) {
		return told(groupJoin, groupAnswer{generation: generation, id: "i-1", leader: "x"})
	}
	const (
		rebalancingEvent = stream.GroupRebalancing
		assignedEvent    = stream.GroupAssigned
		lostEvent        = stream.GroupLost
		failedEvent      = stream.GroupFailed
	)
	for name, x := range map[string]struct {
		do     []func(*member)
		events []stream.GroupEventKind
		next   groupStep
		id     string
	}{
		"all is well":              {[]func(*member){beat(0)}, nil, groupHeartbeat, "i-1"},
		"a rebalance":              {[]func(*member){beat(rebalancing), beat(rebalancing)}, []stream.GroupEventKind{rebalancingEvent}, groupHeartbeat, "i-1"},
		"rejoining":                {[]func(*member){beat(rebalancing), rejoin}, nil, groupJoin, "i-1"},
		"the next generation":      {[]func(*member){rejoin, joined(6)}, nil, groupSync, "i-1"},
		"a generation between":     {[]func(*member){rejoin, joined(7)}, []stream.GroupEventKind{lostEvent}, groupRest, "i-1"},
		"owning nothing, the same": {[]func(*member){func(m *member) { m.holds = false; m.rejoin(nil, nil) }, joined(7)}, nil, groupSync, "i-1"},
		"a rebalance at the sync":  {[]func(*member){rejoin, joined(6), told(groupSync, groupAnswer{code: rebalancing})}, nil, groupJoin, "i-1"},
		"an old generation":        {[]func(*member){beat(illegalGeneration)}, []stream.GroupEventKind{lostEvent}, groupRest, "i-1"},
		"not heard of":             {[]func(*member){beat(unknownMember)}, []stream.GroupEventKind{lostEvent}, groupRest, ""},
		"not heard of, joining":    {[]func(*member){rejoin, told(groupJoin, groupAnswer{code: unknownMember})}, []stream.GroupEventKind{lostEvent}, groupRest, ""},
		"a rejoin before the loss": {[]func(*member){beat(unknownMember), rejoin}, []stream.GroupEventKind{lostEvent}, groupRest, ""},
		"replaced":                 {[]func(*member){beat(fencedInstance)}, []stream.GroupEventKind{lostEvent}, groupRest, ""},
		"a late heartbeat's loss":  {[]func(*member){rejoin, beat(unknownMember)}, []stream.GroupEventKind{lostEvent}, groupRest, ""},
		"a late heartbeat":         {[]func(*member){rejoin, beat(0)}, nil, groupJoin, "i-1"},
		"a wish":                   {[]func(*member){(*member).wished, (*member).wished}, []stream.GroupEventKind{rebalancingEvent}, groupHeartbeat, "i-1"},
		"a wish while joining":     {[]func(*member){rejoin, joined(6), (*member).wished, told(groupSync, groupAnswer{})}, []stream.GroupEventKind{assignedEvent, rebalancingEvent}, groupHeartbeat, "i-1"},
		"joining again":            {[]func(*member){rejoin, joined(6), rejoin, told(groupSync, groupAnswer{})}, nil, groupJoin, "i-1"},
		"leaving":                  {[]func(*member){(*member).leave}, nil, groupLeave, "i-1"},
		"having left":              {[]func(*member){(*member).leave, told(groupLeave, groupAnswer{}), rejoin}, nil, groupRest, "i-1"},
		"another's assignment":     {[]func(*member){rejoin, joined(6), told(groupSync, groupAnswer{assignment: make([]byte, 2+4+4)})}, []stream.GroupEventKind{failedEvent}, groupRest, "i-1"},
		"an assignment cut short":  {[]func(*member){rejoin, joined(6), told(groupSync, groupAnswer{assignment: []byte{0, 1, 0}})}, []stream.GroupEventKind{failedEvent}, groupRest, "i-1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := steadyMember(now)
			for _, do := range x.do {
				do(&m)
			}
			var events []stream.GroupEventKind
			for e := m.poll(); e.Kind != stream.GroupUnchanged; e = m.poll() {
				events = append(events, e.Kind)
			}
			if next, _ := m.next(); !slices.Equal(events, x.events) || next != x.next || m.id != x.id {
				t.Errorf("events %v, next %s as %q; want %v, %s as %q", events, next, m.id, x.events, x.next, x.id)
			}
		})
	}
}

// TestMemberIsReplaced: a join of its own, or of its former life, may come late; it is
// another process that comes again and again.
func TestMemberIsReplaced(t *testing.T) {
	now := time.Now()
	m := steadyMember(now)
	replaced := func(d time.Duration) stream.GroupEvent {
		now = now.Add(d)
		m.answered(groupHeartbeat, &groupAnswer{code: fencedInstance}, now)
		e := m.poll()
		m.rejoin(nil, nil)
		m.answered(groupJoin, &groupAnswer{generation: 5, id: "i-1", leader: "x"}, now)
		m.answered(groupSync, &groupAnswer{assignment: encodeAssignment([]stream.TopicPartition{at("t", 0)}, nil)}, now)
		m.poll()
		return e
	}
	for _, d := range []time.Duration{0, 2 * replacedFor, time.Second, time.Second} {
		if e := replaced(d); e.Kind != stream.GroupLost || !errors.Is(e.Err, stream.ErrReplaced) {
			t.Errorf("the event is %+v", e)
		}
	}
	if e := replaced(time.Second); e.Kind != stream.GroupFailed || !errors.Is(e.Err, stream.ErrReplaced) {
		t.Errorf("the last event is %+v", e)
	}
}

// TestHandOver: whatever members claim and the leader wants, nobody gets what another
// one owns, and everything else goes to whom it is meant for.
func TestHandOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var joined []wire.JoinedMember
		partitions := rapid.SliceOfDistinct(rapid.Int32Range(0, 9), rapid.ID[int32])
		n := rapid.IntRange(1, 4).Draw(t, "members")
		for i := range n {
			c := claim{topics: []string{"t"}, generation: int32(i), data: []byte{byte(i)}}
			for _, p := range partitions.Draw(t, "owned") {
				c.owned = append(c.owned, at("t", p))
			}
			joined = append(joined, wire.JoinedMember{Member: fmt.Sprint(i), Metadata: c.encode()})
		}
		members, err := known(joined)
		if err != nil {
			t.Fatal(err)
		}
		owner := make(map[stream.TopicPartition]string)
		for _, m := range members {
			for _, tp := range m.Owned {
				if owner[tp] != "" {
					t.Fatalf("%s is owned by %s and %s", tp, owner[tp], m.ID)
				}
				owner[tp] = m.ID
			}
		}
		wanted := make([]stream.GroupAssignment, n)
		for p := range int32(10) {
			i := rapid.IntRange(0, n-1).Draw(t, "to")
			wanted[i].Member = fmt.Sprint(i)
			wanted[i].Partitions = append(wanted[i].Partitions, at("t", p))
		}
		wanted = slices.DeleteFunc(wanted, func(w stream.GroupAssignment) bool { return w.Member == "" })
		given, err := handOver(members, wanted)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range given {
			got, _, err := decodeAssignment(g.Assignment)
			want := slices.DeleteFunc(slices.Clone(wanted[i].Partitions), func(tp stream.TopicPartition) bool {
				return owner[tp] != "" && owner[tp] != g.Member
			})
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s gets %v, want %v: %v", g.Member, got, want, err)
			}
		}
	})
}

func TestHandOverThatIsWrong(t *testing.T) {
	members := []stream.GroupMember{{ID: "a"}, {ID: "b"}}
	p := []stream.TopicPartition{at("t", 0)}
	for _, wanted := range [][]stream.GroupAssignment{
		{{Member: "c"}}, {{Member: "a"}, {Member: "a"}}, {{Member: "a", Partitions: p}, {Member: "b", Partitions: p}},
	} {
		if _, err := handOver(members, wanted); err == nil {
			t.Errorf("%v is taken", wanted)
		}
	}
}

// TestGroupSize: what a group of 20 members and 500 partitions takes at the
// coordinator, in its log and in the request that makes it.
func TestGroupSize(t *testing.T) {
	size := 0
	for i := range 20 {
		var owned []stream.TopicPartition
		for p := range 25 {
			owned = append(owned, at("the-topic-of-an-app", int32(25*i+p)))
		}
		c := claim{topics: []string{"the-topic-of-an-app"}, owned: owned, generation: 7, data: make([]byte, 300)}
		size += len(c.encode()) + len(encodeAssignment(owned, make([]byte, 300))) + 2*len("an instance's name, and a UUID: 00000000-0000-0000")
	}
	t.Logf("%d bytes", size)
	if size > 32<<10 {
		t.Errorf("a group takes %d bytes", size)
	}
}

// FuzzGroupData: whatever a member sends is read, or refused, and what is read comes
// out the same again.
func FuzzGroupData(f *testing.F) {
	c := claim{topics: []string{"t", "u"}, owned: []stream.TopicPartition{at("t", 1), at("u", 0)}, generation: 3, data: []byte("data"), wish: 2}
	f.Add(c.encode())
	f.Add(encodeAssignment(c.owned, c.data))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = decodeAssignment(b)
		got, err := decodeClaim(b)
		if err != nil {
			return
		}
		again, err := decodeClaim(got.encode())
		got.owned, again.owned = inOrder(got.owned), inOrder(again.owned)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(again) {
			t.Errorf("%+v became %+v: %v", got, again, err)
		}
	})
}

// TestAssignment: what a leader gives arrives, and there is always something in its
// user data.
func TestAssignment(t *testing.T) {
	partitions := []stream.TopicPartition{at("t", 1), at("t", 4), at("u", 0)}
	for _, data := range []string{"", "data"} {
		b := encodeAssignment(partitions, []byte(data))
		got, gotData, err := decodeAssignment(b)
		if err != nil || !slices.Equal(got, partitions) || string(gotData) != data {
			t.Errorf("%v with %q became %v with %q: %v", partitions, data, got, gotData, err)
		}
		f := fields{b: b[2:]}
		if f.partitions(); len(f.bytes()) != 1+len(data) {
			t.Errorf("with %q others see %q", data, b)
		}
	}
	for whole, cut := encodeAssignment(partitions, nil), 1; cut < len(whole); cut++ {
		if _, _, err := decodeAssignment(whole[:cut]); err == nil {
			t.Errorf("%d of %d bytes are read", cut, len(whole))
		}
	}
}

func TestClaim(t *testing.T) {
	c := claim{topics: []string{"t", "u"}, owned: []stream.TopicPartition{at("t", 1), at("u", 0)}, generation: 3, data: []byte("data"), wish: 2}
	if got, err := decodeClaim(c.encode()); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v became %+v: %v", c, got, err)
	}
}
