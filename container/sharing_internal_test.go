package container

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// sharedStage has four tasks: one input has a partition for each, another one for two.
func sharedStage() *scheduler.Stage {
	return &scheduler.Stage{
		Name: "s", Group: "app-s", Tasks: 4,
		Inputs: []scheduler.Input{{Topic: "narrow", Partitions: 2}, {Topic: "wide", Partitions: 4}},
		Stores: []scheduler.Store{{Name: "count", Changelog: "app-count-changelog"}},
	}
}

func sharedMember(t *testing.T, id string, info memberInfo, owned ...stream.TopicPartition) stream.GroupMember {
	t.Helper()
	info.Tasks = max(info.Tasks, 4)
	data, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return stream.GroupMember{ID: id, Data: data, Owned: owned, Generation: 3}
}

// divided are the partitions and the shares of members, by id.
func divided(t *testing.T, d divider, members ...stream.GroupMember) (map[string][]stream.TopicPartition, map[string]share) {
	t.Helper()
	all, err := d.divide(members)
	if err != nil {
		t.Fatal(err)
	}
	partitions, shares := make(map[string][]stream.TopicPartition), make(map[string]share)
	for _, a := range all {
		var s share
		if err := json.Unmarshal(a.Data, &s); err != nil {
			t.Fatal(err)
		}
		partitions[a.Member], shares[a.Member] = a.Partitions, s
	}
	return partitions, shares
}

func TestTasksAreSharedWithTheirPartitions(t *testing.T) {
	d := divider{sharedStage(), 0}
	alone := sharedMember(t, "a", memberInfo{Producer: "p-a", Address: "a:1"}, d.partitions([]int32{0, 1, 2, 3})...)
	partitions, shares := divided(t, d, alone, sharedMember(t, "b", memberInfo{Producer: "p-b", Address: "b:1", State: map[int32]int64{1: 90, 3: 70}}))
	kept := d.tasks(partitions["a"])
	if !slices.Equal(kept, []int32{0, 2}) || !slices.Equal(shares["a"].Gives, []int32{1, 3}) {
		t.Errorf("who has had all keeps %v and gives %v", kept, shares["a"].Gives)
	}
	if want := d.partitions(kept); !reflect.DeepEqual(partitions["a"], want) || len(want) != 3 {
		t.Errorf("it has %v", partitions["a"])
	}
	if len(partitions["b"]) != 0 || !slices.Equal(shares["b"].Coming, []int32{1, 3}) {
		t.Errorf("the other gets %v before it is given up, and is to follow %v", partitions["b"], shares["b"].Coming)
	}
	want := []neighbour{{Address: "a:1", Producer: "p-a", Tasks: []int32{0, 2}, Known: 4}, {Address: "b:1", Producer: "p-b", Known: 4}}
	for id, s := range shares {
		if !reflect.DeepEqual(s.Members, want) {
			t.Errorf("%s is told of %+v", id, s.Members)
		}
	}
}

func TestStandbysAreSharedOut(t *testing.T) {
	d := divider{sharedStage(), 1}
	_, shares := divided(t, d, sharedMember(t, "a", memberInfo{Host: "x"}), sharedMember(t, "b", memberInfo{Host: "y"}))
	for id, s := range shares {
		if len(s.Standbys) != 2 {
			t.Errorf("%s follows %v", id, s.Standbys)
		}
	}
	d.stage.Stores = nil
	if _, shares = divided(t, d, sharedMember(t, "a", memberInfo{}), sharedMember(t, "b", memberInfo{})); shares["a"].Standbys != nil {
		t.Errorf("without state %v are followed", shares["a"].Standbys)
	}
}

// Who doesn't fit those that are at work is refused, whoever comes first.
func TestMembersThatDontFitAreRefused(t *testing.T) {
	d := divider{sharedStage(), 0}
	old := sharedMember(t, "z", memberInfo{Host: "old.example", Compatibility: "old"}, d.partitions([]int32{0, 1, 2, 3})...)
	partitions, shares := divided(t, d, sharedMember(t, "a", memberInfo{Compatibility: "new"}), old)
	for _, word := range []string{"old.example", "old", "new", "plan -against"} {
		if !strings.Contains(shares["a"].Refused, word) {
			t.Errorf("%q doesn't say %q", shares["a"].Refused, word)
		}
	}
	if len(partitions["a"]) != 0 || len(d.tasks(partitions["z"])) != 4 || shares["z"].Refused != "" {
		t.Errorf("they have %v", partitions)
	}
	if _, err := d.divide([]stream.GroupMember{{ID: "stranger", Data: []byte("x")}}); err == nil || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("a stranger is let in: %v", err)
	}
}

// As long as a member doesn't know of the partitions that have come to an input, nobody
// has their tasks.
func TestTasksComeWhenAllKnowOfThem(t *testing.T) {
	before, after := divider{sharedStage(), 0}, divider{sharedStage(), 0}
	after.stage.Tasks, after.stage.Inputs[1].Partitions = 6, 6
	knows, hasNot := memberInfo{Tasks: 6}, memberInfo{Tasks: 4}
	a := before.partitions([]int32{0, 1})
	b := before.partitions([]int32{2, 3})
	for name, d := range map[string]divider{"who knows leads": after, "who doesn't leads": before} {
		partitions, _ := divided(t, d, sharedMember(t, "a", knows, a...), sharedMember(t, "b", hasNot, b...))
		if got := slices.Concat(d.tasks(partitions["a"]), d.tasks(partitions["b"])); !slices.Equal(got, []int32{0, 1, 2, 3}) {
			t.Errorf("%s: they have %v", name, got)
		}
	}
	partitions, _ := divided(t, after, sharedMember(t, "a", knows, a...), sharedMember(t, "b", knows, b...))
	got := slices.Concat(after.tasks(partitions["a"]), after.tasks(partitions["b"]))
	if slices.Sort(got); !slices.Equal(got, []int32{0, 1, 2, 3, 4, 5}) || len(after.tasks(partitions["a"])) != 3 {
		t.Errorf("when both know they have %v", partitions)
	}
	partitions, shares := divided(t, after, sharedMember(t, "a", knows, after.partitions([]int32{0, 1, 2, 3, 4, 5})...), sharedMember(t, "b", hasNot))
	if has := after.tasks(partitions["a"]); len(has) != 2 || !slices.IsSorted(shares["a"].Gives) || len(shares["a"].Gives) != 4 {
		t.Errorf("beside one that is behind it has %v, and gives %v", has, shares["a"].Gives)
	}
}

func TestNeighbours(t *testing.T) {
	var n Neighbours
	if address, here := n.Owner("s", 0); address != "" || here || n.Processes() != nil {
		t.Errorf("it knows %s", address)
	}
	n.hear("s", "here", []neighbour{
		{Host: "here", Address: "127.0.0.1:1", Tasks: []int32{0}},
		{Host: "there", Address: "127.0.0.1:2", Tasks: []int32{1}},
		{Host: "there", Address: "there:3", Tasks: []int32{2}},
	})
	for task, want := range []string{"127.0.0.1:1", "", "there:3", ""} {
		if got, _ := n.Owner("s", int32(task)); got != want {
			t.Errorf("task %d is at %q, want %q", task, got, want)
		}
	}
	if got := n.Processes(); !slices.Equal(got, []string{"127.0.0.1:1", "there:3"}) {
		t.Errorf("processes %v", got)
	}
}

// Of a stage that isn't run here the group knows who has what.
func TestNeighboursSeen(t *testing.T) {
	stage := &scheduler.Stage{Name: "s", Group: "app-s", Tasks: 2, Inputs: []scheduler.Input{{Topic: "in", Partitions: 2}}}
	state := stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{{
		ID: "a-1", Data: []byte(`{"host":"there","address":"there:1"}`),
		Assignment: stream.GroupAssignment{Partitions: []stream.TopicPartition{{Topic: "in", Partition: 1}}},
	}}}
	var n Neighbours
	sees := func(what string, state stream.GroupState, want string) {
		t.Helper()
		n.See(stage, "here", state)
		if got, _ := n.Owner("s", 1); got != want {
			t.Errorf("%s: task 1 is at %q, want %q", what, got, want)
		}
	}
	sees("a member", state, "there:1")
	restless := state
	restless.State, restless.Members = stream.GroupIsRebalancing, []stream.MemberState{{ID: "a-1"}}
	sees("while they share anew", restless, "there:1")
	foreign := state
	foreign.Protocol = "range"
	sees("another kind of client", foreign, "there:1")
	sees("nobody", stream.GroupState{State: stream.GroupIsEmpty}, "")
}

func TestPositionsAreKept(t *testing.T) {
	dir := t.TempDir()
	p, err := OpenPositions(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.remember("s", nil); err != nil {
		t.Fatal(err)
	}
	p.at["s"][3] = 70
	if err := p.remember("t", nil); err != nil {
		t.Fatal(err)
	}
	if p, err = OpenPositions(dir); err != nil || p.of("s")[3] != 70 {
		t.Errorf("there is %v, %v", p.of("s"), err)
	}
	if none := (*Positions)(nil); len(none.of("s")) != 0 || none.remember("s", nil) != nil {
		t.Error("none remembers something")
	}
}
