package membership

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// testStage has four tasks: one input has a partition for each of them, the other for two.
func testStage() *scheduler.Stage {
	return &scheduler.Stage{
		Name: "s", Group: "app-s", Tasks: 4,
		Inputs: []scheduler.Input{{Topic: "narrow", Partitions: 2}, {Topic: "wide", Partitions: 4}},
		Stores: []scheduler.Store{{Name: "count", Changelog: "app-count-changelog"}},
	}
}

func member(t *testing.T, id string, info memberInfo, owned ...stream.TopicPartition) stream.GroupMember {
	t.Helper()
	info.Tasks = max(info.Tasks, 4)
	data, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return stream.GroupMember{ID: id, Data: data, Owned: owned, Generation: 3}
}

// assign returns the partitions and the assignments of members, by id.
func assign(t *testing.T, d assignor, members ...stream.GroupMember) (map[string][]stream.TopicPartition, map[string]assignment) {
	t.Helper()
	all, err := d.assign(members)
	if err != nil {
		t.Fatal(err)
	}
	partitions, assignments := make(map[string][]stream.TopicPartition), make(map[string]assignment)
	for _, a := range all {
		var s assignment
		if err := json.Unmarshal(a.Data, &s); err != nil {
			t.Fatal(err)
		}
		partitions[a.Member], assignments[a.Member] = a.Partitions, s
	}
	return partitions, assignments
}

func TestAssign_TasksWithTheirPartitions(t *testing.T) {
	d := assignor{testStage(), 0, ""}
	alone := member(t, "a", memberInfo{Producer: "p-a", Address: "a:1"}, d.partitions([]int32{0, 1, 2, 3})...)
	partitions, assignments := assign(t, d, alone, member(t, "b", memberInfo{Producer: "p-b", Address: "b:1", State: map[int32]int64{1: 90, 3: 70}}))
	kept := d.tasks(partitions["a"])
	if !slices.Equal(kept, []int32{0, 2}) || !slices.Equal(assignments["a"].Revoked, []int32{1, 3}) {
		t.Errorf("the previous owner keeps %v; %v are revoked", kept, assignments["a"].Revoked)
	}
	if want := d.partitions(kept); !reflect.DeepEqual(partitions["a"], want) || len(want) != 3 {
		t.Errorf("its partitions are %v", partitions["a"])
	}
	if len(partitions["b"]) != 0 || !slices.Equal(assignments["b"].Coming, []int32{1, 3}) {
		t.Errorf("the other gets %v before they are released, and follows %v", partitions["b"], assignments["b"].Coming)
	}
	want := []peer{{Address: "a:1", Producer: "p-a", Tasks: []int32{0, 2}, Known: 4}, {Address: "b:1", Producer: "p-b", Known: 4}}
	for id, s := range assignments {
		if !reflect.DeepEqual(s.Members, want) {
			t.Errorf("%s gets the members %+v", id, s.Members)
		}
	}
}

func TestAssign_Standbys(t *testing.T) {
	d := assignor{testStage(), 1, ""}
	_, assignments := assign(t, d, member(t, "a", memberInfo{Host: "x"}), member(t, "b", memberInfo{Host: "y"}))
	for id, s := range assignments {
		if len(s.Standbys) != 2 {
			t.Errorf("%s follows %v", id, s.Standbys)
		}
	}
	d.stage.Stores = nil
	if _, assignments = assign(t, d, member(t, "a", memberInfo{}), member(t, "b", memberInfo{})); assignments["a"].Standbys != nil {
		t.Errorf("without stores, %v are followed", assignments["a"].Standbys)
	}
}

// A member that isn't compatible with the members that have tasks is refused, even if it
// comes first.
func TestAssign_RefusesIncompatibleMembers(t *testing.T) {
	d := assignor{testStage(), 0, ""}
	old := member(t, "z", memberInfo{Host: "old.example", Compatibility: "old"}, d.partitions([]int32{0, 1, 2, 3})...)
	partitions, assignments := assign(t, d, member(t, "a", memberInfo{Compatibility: "new"}), old)
	for _, word := range []string{"old.example", "old", "new", "plan -against"} {
		if !strings.Contains(assignments["a"].Refused, word) {
			t.Errorf("%q lacks %q", assignments["a"].Refused, word)
		}
	}
	if len(partitions["a"]) != 0 || len(d.tasks(partitions["z"])) != 4 || assignments["z"].Refused != "" {
		t.Errorf("the partitions are %v", partitions)
	}
	if _, err := d.assign([]stream.GroupMember{{ID: "foreign", Data: []byte("x")}}); err == nil || !strings.Contains(err.Error(), "foreign") {
		t.Errorf("a foreign client is accepted: %v", err)
	}
}

// Tasks of new partitions are assigned when all members know these partitions.
func TestAssign_NewPartitionsWhenAllKnowThem(t *testing.T) {
	before, after := assignor{testStage(), 0, ""}, assignor{testStage(), 0, ""}
	after.stage.Tasks, after.stage.Inputs[1].Partitions = 6, 6
	newer, older := memberInfo{Tasks: 6}, memberInfo{Tasks: 4}
	a := before.partitions([]int32{0, 1})
	b := before.partitions([]int32{2, 3})
	for name, d := range map[string]assignor{"new plan leads": after, "old plan leads": before} {
		partitions, _ := assign(t, d, member(t, "a", newer, a...), member(t, "b", older, b...))
		if got := slices.Concat(d.tasks(partitions["a"]), d.tasks(partitions["b"])); !slices.Equal(got, []int32{0, 1, 2, 3}) {
			t.Errorf("%s: the tasks are %v", name, got)
		}
	}
	partitions, _ := assign(t, after, member(t, "a", newer, a...), member(t, "b", newer, b...))
	got := slices.Concat(after.tasks(partitions["a"]), after.tasks(partitions["b"]))
	if slices.Sort(got); !slices.Equal(got, []int32{0, 1, 2, 3, 4, 5}) || len(after.tasks(partitions["a"])) != 3 {
		t.Errorf("when both know them: %v", partitions)
	}
	partitions, assignments := assign(t, after, member(t, "a", newer, after.partitions([]int32{0, 1, 2, 3, 4, 5})...), member(t, "b", older))
	if has := after.tasks(partitions["a"]); len(has) != 2 || !slices.IsSorted(assignments["a"].Revoked) || len(assignments["a"].Revoked) != 4 {
		t.Errorf("beside a member with an older plan it keeps %v; %v are revoked", has, assignments["a"].Revoked)
	}
}
