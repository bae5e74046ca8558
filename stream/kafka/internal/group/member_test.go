package group

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/harnesstest"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// stableMember has had partition t/0 since generation 5.
func stableMember(now time.Time) member {
	m := newMember(&stream.GroupConfig{Instance: "i", Topics: []string{"t"}, Heartbeat: time.Second})
	m.rejoin(nil, nil)
	m.answered(stepJoin, &stepAnswer{generation: 5, id: "i-1", leader: "x"}, now)
	m.answered(stepSync, &stepAnswer{assignment: EncodeAssignment([]stream.TopicPartition{linktest.At("t", 0)}, []byte("data"))}, now)
	m.poll()
	return m
}

// The table has what a stable member does about each event.
func TestMember_Steps(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	owned := []stream.TopicPartition{linktest.At("t", 0)}
	rejoin := func(m *member) { m.rejoin(owned, nil) }
	told := func(s step, a stepAnswer) func(*member) {
		return func(m *member) { m.answered(s, &a, now) }
	}
	beat := func(c kerr.Code) func(*member) { return told(stepHeartbeat, stepAnswer{code: c}) }
	joined := func(generation int32) func(*member) {
		return told(stepJoin, stepAnswer{generation: generation, id: "i-1", leader: "x"})
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
		next   step
		id     string
	}{
		"a heartbeat":                       {[]func(*member){beat(0)}, nil, stepHeartbeat, "i-1"},
		"a rebalance":                       {[]func(*member){beat(kerr.RebalanceInProgress), beat(kerr.RebalanceInProgress)}, []stream.GroupEventKind{rebalancingEvent}, stepHeartbeat, "i-1"},
		"rejoining":                         {[]func(*member){beat(kerr.RebalanceInProgress), rejoin}, nil, stepJoin, "i-1"},
		"the next generation":               {[]func(*member){rejoin, joined(6)}, nil, stepSync, "i-1"},
		"a generation between":              {[]func(*member){rejoin, joined(7)}, []stream.GroupEventKind{lostEvent}, stepNone, "i-1"},
		"owning nothing, the same":          {[]func(*member){func(m *member) { m.assigned = false; m.rejoin(nil, nil) }, joined(7)}, nil, stepSync, "i-1"},
		"a rebalance at the sync":           {[]func(*member){rejoin, joined(6), told(stepSync, stepAnswer{code: kerr.RebalanceInProgress})}, nil, stepJoin, "i-1"},
		"an old generation":                 {[]func(*member){beat(kerr.IllegalGeneration)}, []stream.GroupEventKind{lostEvent}, stepNone, "i-1"},
		"unknown member":                    {[]func(*member){beat(kerr.UnknownMember)}, []stream.GroupEventKind{lostEvent}, stepNone, ""},
		"unknown member, joining":           {[]func(*member){rejoin, told(stepJoin, stepAnswer{code: kerr.UnknownMember})}, []stream.GroupEventKind{lostEvent}, stepNone, ""},
		"a rejoin before the loss":          {[]func(*member){beat(kerr.UnknownMember), rejoin}, []stream.GroupEventKind{lostEvent}, stepNone, ""},
		"replaced":                          {[]func(*member){beat(kerr.FencedInstance)}, []stream.GroupEventKind{lostEvent}, stepNone, ""},
		"a late heartbeat's loss":           {[]func(*member){rejoin, beat(kerr.UnknownMember)}, []stream.GroupEventKind{lostEvent}, stepNone, ""},
		"a late heartbeat":                  {[]func(*member){rejoin, beat(0)}, nil, stepJoin, "i-1"},
		"a rebalance request":               {[]func(*member){(*member).requestRebalance, (*member).requestRebalance}, []stream.GroupEventKind{rebalancingEvent}, stepHeartbeat, "i-1"},
		"a rebalance request while joining": {[]func(*member){rejoin, joined(6), (*member).requestRebalance, told(stepSync, stepAnswer{})}, []stream.GroupEventKind{assignedEvent, rebalancingEvent}, stepHeartbeat, "i-1"},
		"joining again":                     {[]func(*member){rejoin, joined(6), rejoin, told(stepSync, stepAnswer{})}, nil, stepJoin, "i-1"},
		"leaving":                           {[]func(*member){(*member).leave}, nil, stepLeave, "i-1"},
		"having left":                       {[]func(*member){(*member).leave, told(stepLeave, stepAnswer{}), rejoin}, nil, stepNone, "i-1"},
		"an assignment of another protocol": {[]func(*member){rejoin, joined(6), told(stepSync, stepAnswer{assignment: make([]byte, 2+4+4)})}, []stream.GroupEventKind{failedEvent}, stepNone, "i-1"},
		"a truncated assignment":            {[]func(*member){rejoin, joined(6), told(stepSync, stepAnswer{assignment: []byte{0, 1, 0}})}, []stream.GroupEventKind{failedEvent}, stepNone, "i-1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := stableMember(now)
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

// A join of its own, or of an earlier process of the instance, may arrive late. Another
// process joins again and again.
func TestMember_Replaced(t *testing.T) {
	now := time.Now()
	m := stableMember(now)
	replaced := func(d time.Duration) stream.GroupEvent {
		now = now.Add(d)
		m.answered(stepHeartbeat, &stepAnswer{code: kerr.FencedInstance}, now)
		e := m.poll()
		m.rejoin(nil, nil)
		m.answered(stepJoin, &stepAnswer{generation: 5, id: "i-1", leader: "x"}, now)
		m.answered(stepSync, &stepAnswer{assignment: EncodeAssignment([]stream.TopicPartition{linktest.At("t", 0)}, nil)}, now)
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

// Its user finds out who it was before it joins again, even if it had nothing yet.
func TestMember_ReplacedBeforeAssignment(t *testing.T) {
	now := time.Now()
	m := newMember(&stream.GroupConfig{Instance: "i", Heartbeat: time.Second})
	m.rejoin(nil, nil)
	m.answered(stepJoin, &stepAnswer{code: kerr.FencedInstance}, now)
	if next, _ := m.next(); next != stepNone {
		t.Errorf("it goes on with %s", next)
	}
	if e := m.poll(); e.Kind != stream.GroupLost || !errors.Is(e.Err, stream.ErrReplaced) {
		t.Errorf("the event is %+v", e)
	}
	m.rejoin(nil, nil)
	if next, _ := m.next(); next != stepJoin {
		t.Errorf("after Rejoin it goes on with %s", next)
	}
}

// Whatever members claim and the leader wants, no member gets what another one owns, and
// everything else goes where it should.
func TestHandOver_OnlyReleasedPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var joined []wire.JoinedMember
		partitions := rapid.SliceOfDistinct(rapid.Int32Range(0, 9), rapid.ID[int32])
		n := rapid.IntRange(1, 4).Draw(t, "members")
		for i := range n {
			c := Subscription{Topics: []string{"t"}, generation: int32(i), Data: []byte{byte(i)}}
			for _, p := range partitions.Draw(t, "owned") {
				c.owned = append(c.owned, linktest.At("t", p))
			}
			joined = append(joined, wire.JoinedMember{Member: fmt.Sprint(i), Metadata: c.Encode()})
		}
		members, err := decodeMembers(joined)
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
			wanted[i].Partitions = append(wanted[i].Partitions, linktest.At("t", p))
		}
		wanted = slices.DeleteFunc(wanted, func(w stream.GroupAssignment) bool { return w.Member == "" })
		given, err := handOver(members, wanted)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range given {
			got, _, err := DecodeAssignment(g.Assignment)
			want := slices.DeleteFunc(slices.Clone(wanted[i].Partitions), func(tp stream.TopicPartition) bool {
				return owner[tp] != "" && owner[tp] != g.Member
			})
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s gets %v, want %v: %v", g.Member, got, want, err)
			}
		}
	})
}

func TestHandOver_InvalidAssignment(t *testing.T) {
	members := []stream.GroupMember{{ID: "a"}, {ID: "b"}}
	p := []stream.TopicPartition{linktest.At("t", 0)}
	for _, wanted := range [][]stream.GroupAssignment{
		{{Member: "c"}}, {{Member: "a"}, {Member: "a"}}, {{Member: "a", Partitions: p}, {Member: "b", Partitions: p}},
	} {
		if _, err := handOver(members, wanted); err == nil {
			t.Errorf("%v is taken", wanted)
		}
	}
}

// The test shows how much a group of 20 members and 500 partitions takes at the
// coordinator, in its log and in the request.
func TestSubscription_Size(t *testing.T) {
	size := 0
	for i := range 20 {
		var owned []stream.TopicPartition
		for p := range 25 {
			owned = append(owned, linktest.At("the-topic-of-an-app", int32(25*i+p)))
		}
		c := Subscription{Topics: []string{"the-topic-of-an-app"}, owned: owned, generation: 7, Data: make([]byte, 300)}
		size += len(c.Encode()) + len(EncodeAssignment(owned, make([]byte, 300))) + 2*len("an instance's name, and a UUID: 00000000-0000-0000")
	}
	t.Logf("%d bytes", size)
	if size > 32<<10 {
		t.Errorf("a group takes %d bytes", size)
	}
}

// A member's data is decoded or refused, and the decoded value encodes to the same bytes.
func FuzzGroupCodec(f *testing.F) {
	c := Subscription{Topics: []string{"t", "u"}, owned: []stream.TopicPartition{linktest.At("t", 1), linktest.At("u", 0)}, generation: 3, Data: []byte("data"), Rebalance: 2}
	f.Add(c.Encode())
	f.Add(EncodeAssignment(c.owned, c.Data))
	f.Add(append([]byte("\x00\x01\x00\x00\x10\x00\x00\x01t\x00\x00\x20\x00"), make([]byte, 1<<14)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got Subscription
		var err error
		harnesstest.Frugal(t, len(b), 64, func() {
			_, _, _ = DecodeAssignment(b)
			got, err = DecodeSubscription(b)
		})
		if err != nil {
			return
		}
		again, err := DecodeSubscription(got.Encode())
		got.owned, again.owned = cluster.Sorted(got.owned), cluster.Sorted(again.owned)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(again) {
			t.Errorf("%+v became %+v: %v", got, again, err)
		}
	})
}

// A leader's assignment arrives, and its user data is never empty.
func TestAssignment_RoundTrip(t *testing.T) {
	partitions := []stream.TopicPartition{linktest.At("t", 1), linktest.At("t", 4), linktest.At("u", 0)}
	for _, data := range []string{"", "data"} {
		b := EncodeAssignment(partitions, []byte(data))
		got, gotData, err := DecodeAssignment(b)
		if err != nil || !slices.Equal(got, partitions) || string(gotData) != data {
			t.Errorf("%v with %q became %v with %q: %v", partitions, data, got, gotData, err)
		}
		f := fields{b: b[2:]}
		if f.partitions(); len(f.bytes()) != 1+len(data) {
			t.Errorf("with %q others see %q", data, b)
		}
	}
	for whole, cut := EncodeAssignment(partitions, nil), 1; cut < len(whole); cut++ {
		if _, _, err := DecodeAssignment(whole[:cut]); err == nil {
			t.Errorf("%d of %d bytes are read", cut, len(whole))
		}
	}
}

func TestSubscription_RoundTrip(t *testing.T) {
	c := Subscription{Topics: []string{"t", "u"}, owned: []stream.TopicPartition{linktest.At("t", 1), linktest.At("u", 0)}, generation: 3, Data: []byte("data"), Rebalance: 2}
	if got, err := DecodeSubscription(c.Encode()); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v became %+v: %v", c, got, err)
	}
}
