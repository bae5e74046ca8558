package membership

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
	"github.com/gretestream/grete/stream"
)

// An assignor divides the tasks of a stage among the members of its group, when this
// member is the leader.
type assignor struct {
	stage    *scheduler.Stage
	standbys int
	producer string // of this member, as in [memberInfo]
}

// topic is the one whose partitions stand for tasks: the input with the most partitions, or
// the first changelog of a stage that reads no topic itself.
func (a assignor) topic() string {
	read := ""
	for i := range a.stage.Inputs {
		in := &a.stage.Inputs[i]
		switch {
		case !isRead(in):
		case in.Partitions == a.stage.Tasks:
			return in.Topic
		case read == "":
			read = in.Topic // a broadcast input alone: the stage has one task
		}
	}
	return cmp.Or(read, a.stage.Changelogs()[0])
}

// isRead reports whether tasks read an input from the log.
func isRead(in *scheduler.Input) bool {
	return in.Delivery != scheduler.DeliverGlobal && !in.Generator()
}

// topics are all inputs that are topics.
func (a assignor) topics() []string {
	var topics []string
	for i := range a.stage.Inputs {
		if in := &a.stage.Inputs[i]; !in.Generator() {
			topics = append(topics, in.Topic)
		}
	}
	return topics
}

// partitions returns the partitions of all inputs that belong to the tasks, or those that
// stand for them.
func (a assignor) partitions(tasks []int32) []stream.TopicPartition {
	var all []stream.TopicPartition
	for i := range a.stage.Inputs {
		for _, t := range tasks {
			if in := &a.stage.Inputs[i]; isRead(in) && t < in.Partitions {
				all = append(all, stream.TopicPartition{Topic: in.Topic, Partition: t})
			}
		}
	}
	if all != nil {
		return all
	}
	for _, t := range tasks {
		all = append(all, stream.TopicPartition{Topic: a.topic(), Partition: t})
	}
	return all
}

// tasks returns the tasks that the partitions stand for, ascending.
func (a assignor) tasks(partitions []stream.TopicPartition) []int32 {
	var tasks []int32
	topic := a.topic()
	for _, tp := range partitions {
		if tp.Topic == topic {
			tasks = append(tasks, tp.Partition)
		}
	}
	slices.Sort(tasks)
	return tasks
}

// assign is [stream.GroupConfig.Assign].
func (a assignor) assign(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
	infos := make([]memberInfo, len(members))
	for i := range members {
		if err := parse(members[i].Data, &infos[i]); err != nil {
			return nil, fmt.Errorf("member %s of group %s has sent data that can't be parsed: %w; is it another kind of program?", members[i].ID, a.stage.Group, err)
		}
		infos[i].Tasks = max(infos[i].Tasks, 0)
	}
	refused := refuse(members, infos)
	if i := slices.IndexFunc(infos, func(info memberInfo) bool { return info.Producer == a.producer }); i >= 0 && refused[i] != "" {
		return a.keep(members, infos, refused)
	}
	group := share.Group{Tasks: a.knownToAll(infos, refused)}
	if len(a.stage.Stores) > 0 {
		group.Standbys = a.standbys
	}
	for i, m := range members {
		if refused[i] == "" {
			group.Members = append(group.Members, share.Member{
				ID: m.ID, Host: infos[i].Host, Tasks: a.tasks(m.Owned), Generation: m.Generation, Pending: infos[i].Coming, Standbys: infos[i].Standbys, Requests: infos[i].Requests, State: infos[i].State,
			})
		}
	}
	shares, err := share.Assign(group)
	if err != nil {
		return nil, err
	}
	parts := make(map[string]share.Part)
	for _, p := range shares.Parts {
		parts[p.ID] = p
	}
	return a.assignments(members, infos, refused, parts)
}

// keep lets all members keep what they have, and refuses those that don't fit, this member
// among them. Its plan isn't that of the job, so it can't divide the tasks. Another member
// leads when it has left.
func (a assignor) keep(members []stream.GroupMember, infos []memberInfo, refused []string) ([]stream.GroupAssignment, error) {
	parts := make(map[string]share.Part)
	for i, m := range members {
		if refused[i] == "" {
			parts[m.ID] = share.Part{ID: m.ID, Tasks: a.tasks(m.Owned), Standbys: infos[i].Standbys}
		}
	}
	assignments, err := a.assignments(members, infos, refused, parts)
	for i := range assignments {
		if refused[i] == "" {
			assignments[i].Partitions = members[i].Owned
		}
	}
	return assignments, err
}

// knownToAll is the number of tasks that all members know. A member whose plan is older
// must plan again and rejoin before anyone gets the tasks of new partitions.
func (a assignor) knownToAll(infos []memberInfo, refused []string) int32 {
	n := a.stage.Tasks
	for i := range infos {
		if refused[i] == "" {
			n = min(n, infos[i].Tasks)
		}
	}
	return n
}

// refuse returns, by member, why it can't be in the group: it isn't compatible with the
// member that stands for the running job.
func refuse(members []stream.GroupMember, infos []memberInfo) []string {
	fits := reference(members, infos)
	refused := make([]string, len(members))
	for i := range infos {
		if !scheduler.SideBySide(infos[i].Compatibility, infos[fits].Compatibility) {
			refused[i] = fmt.Sprintf("the running job (on %s) has stages, topics, stores or serdes that don't fit this program's: %s, not %s. Stop that job first; plan -against shows the differences",
				infos[fits].Host, scheduler.FingerprintOf(infos[fits].Compatibility), scheduler.FingerprintOf(infos[i].Compatibility))
		}
	}
	return refused
}

// reference returns the member that stands for the running job: the first one that has
// tasks, else the first one that was admitted earlier, else the first one whose plan is the
// recorded one, else the first one. A process that starts, or returns with another version,
// has no tasks and wasn't admitted.
func reference(members []stream.GroupMember, infos []memberInfo) int {
	if i := slices.IndexFunc(members, func(m stream.GroupMember) bool { return len(m.Owned) > 0 }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(infos, func(info memberInfo) bool { return info.Admitted }); i >= 0 {
		return i
	}
	return max(0, slices.IndexFunc(infos, func(info memberInfo) bool { return info.Recorded }))
}

// assignments makes the messages to the members. All of them learn who the others are.
func (a assignor) assignments(members []stream.GroupMember, infos []memberInfo, refused []string, parts map[string]share.Part) ([]stream.GroupAssignment, error) {
	var all []peer
	for i, m := range members {
		all = append(all, peer{Host: infos[i].Host, Address: infos[i].Address, Producer: infos[i].Producer, Tasks: parts[m.ID].Tasks, Known: infos[i].Tasks, Compatibility: infos[i].Compatibility})
	}
	assignments := make([]stream.GroupAssignment, len(members))
	for i, m := range members {
		revoked := slices.DeleteFunc(a.tasks(m.Owned), func(id int32) bool { return slices.Contains(parts[m.ID].Tasks, id) })
		data, err := json.Marshal(assignment{Refused: refused[i], Revoked: revoked, Coming: parts[m.ID].Pending, Standbys: parts[m.ID].Standbys, Members: all})
		if err != nil {
			return nil, err
		}
		assignments[i] = stream.GroupAssignment{Member: m.ID, Partitions: a.partitions(parts[m.ID].Tasks), Data: data}
	}
	return assignments, nil
}
