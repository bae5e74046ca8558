package membership

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A GroupView is the group of a stage as it looks from outside.
type GroupView struct {
	State stream.GroupCondition
	// Foreign is the kind of client that uses the group, if it isn't a job of Grete; "" if
	// it is, or if that can't be seen.
	Foreign string
	Members []MemberView // in the order of their instances
}

// A MemberView is a container of the stage, by what it has told its group and what the
// leader has told it. While the group is rebalancing, only ID, Instance and Client are
// known.
type MemberView struct {
	ID       string // of this life of the member
	Instance string // lasting; "" for another kind of client
	Client   string // its address as the brokers see it
	Host     string // what it calls its machine
	Address  string // HOST:PORT of its HTTP API; "": none
	// Compatibility is that of its plan.
	Compatibility string
	Refused       string // why it can't be a member
	// Tasks are the ones that it owns, Coming those that it gets when others have released
	// them, Standbys those whose state it follows; ascending.
	Tasks, Coming, Standbys []int32
}

// ViewGroup reads the state of a stage's group. What can't be parsed is left out.
func ViewGroup(stage *scheduler.Stage, state stream.GroupState) GroupView {
	v := GroupView{State: state.State, Foreign: foreign(state)}
	a := assignor{stage: stage}
	for i := range state.Members {
		v.Members = append(v.Members, a.view(&state.Members[i]))
	}
	return v
}

// foreign returns the kind of a group whose members aren't containers; "" for an empty one.
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

func (a assignor) view(m *stream.MemberState) MemberView {
	v := MemberView{ID: m.ID, Instance: m.Instance, Client: m.Host, Tasks: a.tasks(m.Assignment.Partitions)}
	var info memberInfo
	if parse(m.Data, &info) == nil {
		v.Host, v.Address, v.Compatibility = info.Host, info.Address, info.Compatibility
	}
	var s assignment
	if parse(m.Assignment.Data, &s) == nil {
		v.Refused, v.Coming, v.Standbys = s.Refused, s.Coming, s.Standbys
	}
	return v
}

// Owner returns the member that owns a task; nil if none does.
func (v *GroupView) Owner(task int32) *MemberView {
	return v.find(func(m *MemberView) bool { return slices.Contains(m.Tasks, task) })
}

// Next returns the member that a task is moving to; nil if it isn't moving.
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
