package membership

import (
	"slices"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

func TestPeers_Owner(t *testing.T) {
	var p Peers
	if address, here := p.Owner("s", 0); address != "" || here || p.Processes() != nil {
		t.Errorf("the zero value knows %s", address)
	}
	p.update("s", "here", []peer{
		{Host: "here", Address: "127.0.0.1:1", Tasks: []int32{0}},
		{Host: "there", Address: "127.0.0.1:2", Tasks: []int32{1}},
		{Host: "there", Address: "there:3", Tasks: []int32{2}},
	})
	for task, want := range []string{"127.0.0.1:1", "", "there:3", ""} {
		if got, _ := p.Owner("s", int32(task)); got != want {
			t.Errorf("task %d is at %q, want %q", task, got, want)
		}
	}
	if got := p.Processes(); !slices.Equal(got, []string{"127.0.0.1:1", "there:3"}) {
		t.Errorf("processes %v", got)
	}
}

// The owners of a stage that has no container here come from its group.
func TestPeers_Observe(t *testing.T) {
	stage := &scheduler.Stage{Name: "s", Group: "app-s", Tasks: 2, Inputs: []scheduler.Input{{Topic: "in", Partitions: 2}}}
	state := stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{{
		ID: "a-1", Data: []byte(`{"host":"there","address":"there:1"}`),
		Assignment: stream.GroupAssignment{Partitions: []stream.TopicPartition{{Topic: "in", Partition: 1}}},
	}}}
	var p Peers
	observe := func(what string, state stream.GroupState, want string) {
		t.Helper()
		p.Observe(stage, "here", state)
		if got, _ := p.Owner("s", 1); got != want {
			t.Errorf("%s: task 1 is at %q, want %q", what, got, want)
		}
	}
	observe("stable group", state, "there:1")
	rebalancing := state
	rebalancing.State, rebalancing.Members = stream.GroupIsRebalancing, []stream.MemberState{{ID: "a-1"}}
	observe("rebalancing", rebalancing, "there:1")
	foreign := state
	foreign.Protocol = "range"
	observe("foreign group", foreign, "there:1")
	observe("empty group", stream.GroupState{State: stream.GroupIsEmpty}, "")
}
