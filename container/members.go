package container

import (
	"encoding/json"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A GroupView is a stage's group as it is seen from outside.
type GroupView struct {
	State stream.GroupCondition
	// Foreign is the kind of client whose group it is, if it isn't a job's; "" if it is,
	// or that can't be seen.
	Foreign string
	Members []MemberView // in the order of their instances
}

// A MemberView is a container of the stage, by what it and its group's leader have
// said. While the group is rebalancing nothing is known but ID, Instance and Client.
type MemberView struct {
	ID       string // of this life of it
	Instance string // lasting; "" of another kind of client
	Client   string // the address that the brokers see
	Host     string // what it calls its machine
	Address  string // HOST:PORT, where it is asked over HTTP; "": nowhere
	// Compatibility is that of its plan.
	Compatibility string
	Refused       string // why it can't be a member
	// Tasks are those that it has, Coming those that it is to have when others have
	// given them up, Standbys those whose state it follows; ascending.
	Tasks, Coming, Standbys []int32
}

// ViewGroup reads the state of a stage's group. What can't be read is left out.
func ViewGroup(stage *scheduler.Stage, state stream.GroupState) GroupView {
	v := GroupView{State: state.State, Foreign: foreign(state)}
	d := divider{stage: stage}
	for i := range state.Members {
		v.Members = append(v.Members, d.view(&state.Members[i]))
	}
	return v
}

// foreign is the kind of a group that isn't of containers. An empty one is nobody's.
func foreign(state stream.GroupState) string {
	switch {
	case len(state.Members) == 0:
		return ""
	case state.ProtocolType != "" && state.ProtocolType != "consumer":
		return state.ProtocolType
	case state.Protocol != "" && state.Protocol != "grete":
		return state.Protocol
	}
	return ""
}

func (d divider) view(m *stream.MemberState) MemberView {
	v := MemberView{ID: m.ID, Instance: m.Instance, Client: m.Host, Tasks: d.tasks(m.Assignment.Partitions)}
	var info memberInfo
	if json.Unmarshal(m.Data, &info) == nil {
		v.Host, v.Address, v.Compatibility = info.Host, info.Address, info.Compatibility
	}
	var s share
	if json.Unmarshal(m.Assignment.Data, &s) == nil {
		v.Refused, v.Coming, v.Standbys = s.Refused, s.Coming, s.Standbys
	}
	return v
}

// Owner returns the member that has a task; nil if nobody has.
func (v *GroupView) Owner(task int32) *MemberView {
	return v.find(func(m *MemberView) bool { return slices.Contains(m.Tasks, task) })
}

// Next returns the member that a task is coming to; nil if it is to nobody.
func (v *GroupView) Next(task int32) *MemberView {
	return v.find(func(m *MemberView) bool { return slices.Contains(m.Coming, task) })
}

func (v *GroupView) find(is func(*MemberView) bool) *MemberView {
	for i := range v.Members {
		if is(&v.Members[i]) {
			return &v.Members[i]
		}
	}
	return nil
}
