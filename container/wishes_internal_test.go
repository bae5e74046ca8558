package container

import (
	"errors"
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

// An asked membership counts how often a rebalance was asked for.
type asked struct {
	stream.Membership
	times int
}

func (a *asked) RequestRebalance() { a.times++ }

func TestWishes(t *testing.T) {
	var w Wishes
	if err := w.Wish("s", "a", 1); !errors.Is(err, ErrNoContainer) {
		t.Errorf("nobody is there: %v", err)
	}
	w.Enter("s", "b")
	w.Enter("s", "a")
	for _, task := range []int32{1, 2, 1} {
		if err := w.Wish("s", "a", task); err != nil {
			t.Error(err)
		}
	}
	if got := w.Instances("s"); !slices.Equal(got, []string{"a", "b"}) || w.Take("s", "b") != nil {
		t.Errorf("there are %v", got)
	}
	if got := w.Take("s", "a"); !slices.Equal(got, []int32{1, 2}) || w.Take("s", "a") != nil {
		t.Errorf("a is to have %v", got)
	}
	w.Leave("s", "a")
	if err := w.Wish("s", "a", 1); !errors.Is(err, ErrNoContainer) || w.Take("s", "a") != nil {
		t.Errorf("a has gone: %v", err)
	}
	if none := (*Wishes)(nil); none.Take("s", "a") != nil {
		t.Error("none has some")
	}
}

// A container asks its group once for what it hasn't, and says it until the group has
// answered: while the task is on its way it goes on.
func TestAWishIsSaidUntilItIsAnswered(t *testing.T) {
	var wishes Wishes
	wishes.Enter("s", "a")
	group := &asked{}
	c := &Container{cfg: Config{App: "app", Stage: sharedStage(), Sharing: &Sharing{Instance: "a", Wishes: &wishes}}, place: &place{Membership: group, divider: divider{stage: sharedStage()}, tasks: []int32{0}}}
	for _, task := range []int32{0, 2, 3, 4, -1} {
		if err := wishes.Wish("s", "a", task); err != nil {
			t.Fatal(err)
		}
	}
	c.wish()
	c.wish()
	if got := c.info().Wishes; !slices.Equal(got, []int32{2, 3}) || group.times != 1 {
		t.Errorf("it says %v, and has asked %d times", got, group.times)
	}
	p := c.place
	for _, step := range []struct {
		what                string
		said, tasks, coming []int32
		want                []int32
	}{
		{"an assignment by those who haven't heard of it", nil, []int32{0}, nil, []int32{2, 3}},
		{"one is on its way, the other refused", []int32{2, 3}, []int32{0}, []int32{2}, []int32{2}},
		{"it has come", []int32{2}, []int32{0, 2}, nil, nil},
	} {
		p.wished, p.tasks, p.share = step.said, step.tasks, share{Coming: step.coming}
		if p.answered(); !slices.Equal(p.wishes, step.want) {
			t.Errorf("%s: it goes on wishing for %v", step.what, p.wishes)
		}
	}
}

func TestALeaderHearsOfWishes(t *testing.T) {
	d := divider{sharedStage(), 0}
	a := sharedMember(t, "a", memberInfo{}, d.partitions([]int32{0, 1})...)
	b := sharedMember(t, "b", memberInfo{Wishes: []int32{0}}, d.partitions([]int32{2, 3})...)
	_, shares := divided(t, d, a, b)
	if !slices.Equal(shares["a"].Gives, []int32{0}) || !slices.Equal(shares["b"].Coming, []int32{0}) || len(shares["b"].Gives) != 1 {
		t.Errorf("they are told %+v", shares)
	}
}

func TestViewOfAGroup(t *testing.T) {
	d := divider{sharedStage(), 0}
	state := stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{
		{ID: "a-1", Instance: "a", Host: "10.0.0.1", Data: []byte(`{"host":"h","address":"h:1","compatibility":"x"}`),
			Assignment: stream.GroupAssignment{Partitions: d.partitions([]int32{1, 3}), Data: []byte(`{"coming":[0],"standbys":[2]}`)}},
		{ID: "b-1", Instance: "b", Data: []byte("no JSON")},
	}}
	v := ViewGroup(sharedStage(), state)
	if m := v.Owner(3); m == nil || m.Instance != "a" || m.Host != "h" || m.Address != "h:1" || !slices.Equal(m.Tasks, []int32{1, 3}) || v.Next(0) != m {
		t.Errorf("it is seen as %+v", v)
	}
	if v.Owner(0) != nil || v.Next(2) != nil || v.Foreign != "" || len(v.Members) != 2 {
		t.Errorf("it is seen as %+v", v)
	}
	state.Protocol = "range"
	if v := ViewGroup(sharedStage(), state); v.Foreign != "range" {
		t.Errorf("it is of %q", v.Foreign)
	}
	state.Protocol, state.ProtocolType = "", "connect"
	if v := ViewGroup(sharedStage(), state); v.Foreign != "connect" {
		t.Errorf("it is of %q", v.Foreign)
	}
}
