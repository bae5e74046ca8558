package membership

import (
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestViewGroup(t *testing.T) {
	d := assignor{testStage(), 0, ""}
	state := stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{
		{ID: "a-1", Instance: "a", Host: "10.0.0.1", Data: []byte(`{"host":"h","address":"h:1","compatibility":"x"}`),
			Assignment: stream.GroupAssignment{Partitions: d.partitions([]int32{1, 3}), Data: []byte(`{"coming":[0],"standbys":[2]}`)}},
		{ID: "b-1", Instance: "b", Data: []byte("no JSON")},
	}}
	v := ViewGroup(testStage(), state)
	if m := v.Owner(3); m == nil || m.Instance != "a" || m.Host != "h" || m.Address != "h:1" || !slices.Equal(m.Tasks, []int32{1, 3}) || v.Next(0) != m {
		t.Errorf("the view is %+v", v)
	}
	if v.Owner(0) != nil || v.Next(2) != nil || v.Foreign != "" || len(v.Members) != 2 {
		t.Errorf("the view is %+v", v)
	}
	state.Protocol = "range"
	if v := ViewGroup(testStage(), state); v.Foreign != "range" {
		t.Errorf("Foreign is %q", v.Foreign)
	}
	state.Protocol, state.ProtocolType = "", "connect"
	if v := ViewGroup(testStage(), state); v.Foreign != "connect" {
		t.Errorf("Foreign is %q", v.Foreign)
	}
}
