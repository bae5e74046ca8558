package membership

import (
	"errors"
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestMoveRequests(t *testing.T) {
	var r MoveRequests
	if err := r.Add("s", "a", 1); !errors.Is(err, ErrNoContainer) {
		t.Errorf("no container: %v", err)
	}
	r.Register("s", "b")
	r.Register("s", "a")
	for _, task := range []int32{1, 2, 1} {
		if err := r.Add("s", "a", task); err != nil {
			t.Error(err)
		}
	}
	if got := r.Instances("s"); !slices.Equal(got, []string{"a", "b"}) || r.Take("s", "b") != nil {
		t.Errorf("instances %v", got)
	}
	if got := r.Take("s", "a"); !slices.Equal(got, []int32{1, 2}) || r.Take("s", "a") != nil {
		t.Errorf("requests for a: %v", got)
	}
	r.Unregister("s", "a")
	if err := r.Add("s", "a", 1); !errors.Is(err, ErrNoContainer) || r.Take("s", "a") != nil {
		t.Errorf("after a has left: %v", err)
	}
	if none := (*MoveRequests)(nil); none.Take("s", "a") != nil {
		t.Error("nil has requests")
	}
}

// A countingGroup counts how often a rebalance was requested.
type countingGroup struct {
	stream.Membership
	rebalances int
}

func (g *countingGroup) RequestRebalance() { g.rebalances++ }

// A member asks its group once for a rebalance, and repeats its requests until the leader
// has answered. While the task is on its way the request stays.
func TestMember_RepeatsRequestsUntilAnswered(t *testing.T) {
	var requests MoveRequests
	requests.Register("s", "a")
	group := &countingGroup{}
	m := &Member{cfg: Config{Instance: "a", MoveRequests: &requests}, stage: testStage(), group: group, assignor: assignor{stage: testStage()}, tasks: []int32{0}}
	for _, task := range []int32{0, 2, 3, 4, -1} {
		if err := requests.Add("s", "a", task); err != nil {
			t.Fatal(err)
		}
	}
	m.takeRequests()
	m.takeRequests()
	if got := m.info(nil).Requests; !slices.Equal(got, []int32{2, 3}) || group.rebalances != 1 {
		t.Errorf("it requests %v, after %d rebalances", got, group.rebalances)
	}
	for _, step := range []struct {
		what                     string
		requested, tasks, coming []int32
		want                     []int32
	}{
		{"an assignment by a leader that hasn't heard of them", nil, []int32{0}, nil, []int32{2, 3}},
		{"one is on its way, the other refused", []int32{2, 3}, []int32{0}, []int32{2}, []int32{2}},
		{"it has arrived", []int32{2}, []int32{0, 2}, nil, nil},
	} {
		m.requested, m.tasks, m.assignment = step.requested, step.tasks, assignment{Coming: step.coming}
		if m.dropAnswered(); !slices.Equal(m.requests, step.want) {
			t.Errorf("%s: it still requests %v", step.what, m.requests)
		}
	}
}

func TestAssign_GrantsRequests(t *testing.T) {
	d := assignor{testStage(), 0, ""}
	a := member(t, "a", memberInfo{}, d.partitions([]int32{0, 1})...)
	b := member(t, "b", memberInfo{Requests: []int32{0}}, d.partitions([]int32{2, 3})...)
	_, assignments := assign(t, d, a, b)
	if !slices.Equal(assignments["a"].Revoked, []int32{0}) || !slices.Equal(assignments["b"].Coming, []int32{0}) || len(assignments["b"].Revoked) != 1 {
		t.Errorf("assignments %+v", assignments)
	}
}
