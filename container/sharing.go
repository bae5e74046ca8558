package container

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Sharing says how a container shares the tasks of its stage with others, which are
// members of the same group. Who has which is decided by [scheduler.Share], at one of
// them.
type Sharing struct {
	Group stream.Grouper
	// Instance names the container over its restarts: nobody else has the same. One
	// that is back within SessionTimeout has the tasks that it had.
	Instance string
	Host     string // where it runs: its state is there
	Address  string // HOST:PORT, where its process is asked over HTTP; "": nowhere
	// Compatibility is that of the plan: whose differs can't run side by side.
	Compatibility string
	// Neighbours get to know who has which task; nil: nobody does.
	Neighbours *Neighbours
	// Wishes are where people say which tasks the container is to have; nil: nowhere.
	Wishes *Wishes
	// Told is called when the container gets other tasks than it has had, with how many
	// containers share the stage; nil: nobody is told.
	Told func(stage *scheduler.Stage, tasks []int32, containers int)
	// Standbys is how many others follow the state of each task. All say the same.
	Standbys int
	// State is what of the tasks' state is on this disk. nil: nobody knows.
	State *Positions
	// SessionTimeout, Heartbeat and RebalanceTimeout are those of [stream.GroupConfig].
	SessionTimeout, Heartbeat, RebalanceTimeout time.Duration
}

// A memberInfo is what a container says of itself to its group. It is JSON, so that it
// can be read by people.
type memberInfo struct {
	Host          string          `json:"host,omitempty"`
	Address       string          `json:"address,omitempty"`
	Producer      string          `json:"producer"`
	Compatibility string          `json:"compatibility"`
	Tasks         int32           `json:"tasks"`           // how many its plan has: an input may have grown since
	State         map[int32]int64 `json:"state,omitempty"` // as in [scheduler.Member]
	Coming        []int32         `json:"coming,omitempty"`
	Standbys      []int32         `json:"standbys,omitempty"`
	Wishes        []int32         `json:"wishes,omitempty"`
}

// A share is what a generation's leader says to a member.
type share struct {
	Refused string `json:"refused,omitempty"` // why it can't be a member
	// Gives are tasks that it has and is to have no more. Others wait for them until it
	// rejoins, also if it is killed before, and its next life never had them.
	Gives []int32 `json:"gives,omitempty"`
	// Tasks whose state it follows: it is to have them, or may be.
	Coming   []int32     `json:"coming,omitempty"`
	Standbys []int32     `json:"standbys,omitempty"`
	Members  []neighbour `json:"members"`
}

// A neighbour is a member of the generation.
type neighbour struct {
	Host     string  `json:"host,omitempty"`
	Address  string  `json:"address,omitempty"`
	Producer string  `json:"producer"`
	Tasks    []int32 `json:"tasks,omitempty"`
	Known    int32   `json:"known"` // how many tasks it knows of
}

// A divider divides the tasks of a stage among the members of its group.
type divider struct {
	stage    *scheduler.Stage
	standbys int
}

// topic is that whose partitions stand for tasks: the widest input's.
func (d divider) topic() string {
	for i := range d.stage.Inputs {
		if d.stage.Inputs[i].Partitions == d.stage.Tasks {
			return d.stage.Inputs[i].Topic
		}
	}
	return d.stage.Group // a plan always has one
}

// topics are those that the group reads.
func (d divider) topics() []string {
	var topics []string
	for i := range d.stage.Inputs {
		topics = append(topics, d.stage.Inputs[i].Topic)
	}
	return topics
}

// partitions are those of tasks, of all inputs.
func (d divider) partitions(tasks []int32) []stream.TopicPartition {
	var all []stream.TopicPartition
	for i := range d.stage.Inputs {
		for _, t := range tasks {
			if t < d.stage.Inputs[i].Partitions {
				all = append(all, stream.TopicPartition{Topic: d.stage.Inputs[i].Topic, Partition: t})
			}
		}
	}
	return all
}

// tasks are those that partitions stand for, ascending.
func (d divider) tasks(partitions []stream.TopicPartition) []int32 {
	var tasks []int32
	topic := d.topic()
	for _, tp := range partitions {
		if tp.Topic == topic {
			tasks = append(tasks, tp.Partition)
		}
	}
	slices.Sort(tasks)
	return tasks
}

// divide is what a leader does.
func (d divider) divide(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
	infos := make([]memberInfo, len(members))
	for i := range members {
		if err := json.Unmarshal(members[i].Data, &infos[i]); err != nil {
			return nil, fmt.Errorf("member %s of group %s says of itself what can't be read: %w; is it another kind of program?", members[i].ID, d.stage.Group, err)
		}
	}
	refused := refuse(members, infos)
	group := scheduler.Group{Tasks: d.known(infos, refused)}
	if len(d.stage.Stores) > 0 {
		group.Standbys = d.standbys
	}
	for i, m := range members {
		if refused[i] == "" {
			group.Members = append(group.Members, scheduler.Member{
				ID: m.ID, Host: infos[i].Host, Tasks: d.tasks(m.Owned), Generation: m.Generation, Coming: infos[i].Coming, Standbys: infos[i].Standbys, Wishes: infos[i].Wishes, State: infos[i].State,
			})
		}
	}
	shares, err := scheduler.Share(group)
	if err != nil {
		return nil, err
	}
	parts := make(map[string]scheduler.Part)
	for _, p := range shares.Parts {
		parts[p.ID] = p
	}
	return d.tell(members, infos, refused, parts)
}

// known is how many tasks all members know of: who looks later for what has come to the
// inputs has to rejoin before anybody gets the new ones.
func (d divider) known(infos []memberInfo, refused []string) int32 {
	n := d.stage.Tasks
	for i := range infos {
		if refused[i] == "" {
			n = min(n, infos[i].Tasks)
		}
	}
	return n
}

// refuse says which members can't be in the group, and why: those that don't fit those
// that are at work. Where nobody is, the first decides.
func refuse(members []stream.GroupMember, infos []memberInfo) []string {
	fits := -1
	for i, m := range members {
		if fits < 0 || len(m.Owned) > 0 && len(members[fits].Owned) == 0 {
			fits = i
		}
	}
	refused := make([]string, len(members))
	for i := range infos {
		if infos[i].Compatibility != infos[fits].Compatibility {
			refused[i] = fmt.Sprintf("the job that is running (on %s) has stages, topics, stores or serdes that don't fit this program's: %s, not %s. Stop that first; plan -against shows what differs",
				infos[fits].Host, infos[fits].Compatibility, infos[i].Compatibility)
		}
	}
	return refused
}

// tell makes the assignments, which say to everyone who the others are.
func (d divider) tell(members []stream.GroupMember, infos []memberInfo, refused []string, parts map[string]scheduler.Part) ([]stream.GroupAssignment, error) {
	var all []neighbour
	for i, m := range members {
		all = append(all, neighbour{Host: infos[i].Host, Address: infos[i].Address, Producer: infos[i].Producer, Tasks: parts[m.ID].Tasks, Known: infos[i].Tasks})
	}
	assignments := make([]stream.GroupAssignment, len(members))
	for i, m := range members {
		gives := slices.DeleteFunc(d.tasks(m.Owned), func(id int32) bool { return slices.Contains(parts[m.ID].Tasks, id) })
		data, err := json.Marshal(share{Refused: refused[i], Gives: gives, Coming: parts[m.ID].Coming, Standbys: parts[m.ID].Standbys, Members: all})
		if err != nil {
			return nil, err
		}
		assignments[i] = stream.GroupAssignment{Member: m.ID, Partitions: d.partitions(parts[m.ID].Tasks), Data: data}
	}
	return assignments, nil
}
