package status

import (
	"context"
	"slices"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Job is the status of a job; its JSON is what status -json prints.
type Job struct {
	App         string  `json:"app"`
	Cluster     string  `json:"cluster"`     // the id of the Kafka cluster
	Fingerprint string  `json:"fingerprint"` // of this program's plan
	Running     bool    `json:"running"`     // at least one stage has a member
	Nomad       *Nomad  `json:"nomad,omitempty"`
	Stages      []Stage `json:"stages"` // upstream before downstream
}

// A Stage is the status of a stage.
type Stage struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	State string `json:"state"` // empty, rebalancing, stable, foreign
	// Foreign is the kind of client that uses the group, if it isn't the job.
	Foreign string `json:"foreign,omitempty"`
	Tasks   int32  `json:"tasks"`
	// Lag is the number of offsets of the inputs that are still to be processed, by the
	// group's committed offsets; missing while there are no inputs. A partition without a
	// committed offset counts in full, and Uncommitted is the number of these.
	Lag         *int64   `json:"lag,omitempty"`
	Uncommitted int      `json:"uncommitted,omitempty"`
	Members     []Member `json:"members"`
	// Nobody lists the tasks that no member has or is about to take over. While the group
	// is rebalancing that is unknown.
	Nobody []int32 `json:"nobody,omitempty"`
	// Wanted is the number of containers that Nomad is to run, and Containers lists those
	// that exist; missing without Nomad.
	Wanted     int         `json:"wanted,omitempty"`
	Containers []Container `json:"containers,omitempty"`
}

// A Member is the status of a member of a stage's group.
type Member struct {
	Instance string  `json:"instance"`
	Host     string  `json:"host,omitempty"`
	Address  string  `json:"address,omitempty"` // HOST:PORT of its HTTP API
	Tasks    []int32 `json:"tasks"`
	// TakingOver lists the tasks that it gets as soon as others have released them.
	TakingOver []int32 `json:"takingOver"`
	Standbys   []int32 `json:"standbys"`
	// Fingerprint is that of its plan, if it isn't this program's.
	Fingerprint string `json:"fingerprint,omitempty"`
	Refused     string `json:"refused,omitempty"` // why the group refuses it
}

// stateForeign is the state of a group that another kind of client uses.
const stateForeign = "foreign"

// Of asks a cluster for the status of a job.
func Of(ctx context.Context, j *remote.Job) (*Job, error) {
	status := &Job{App: j.Plan.App, Cluster: j.System.ID(), Fingerprint: j.Plan.Fingerprint}
	for i := range j.Plan.Stages {
		s, err := stageOf(ctx, j, &j.Plan.Stages[i])
		if err != nil {
			return nil, err
		}
		status.Running = status.Running || len(s.Members) > 0 && s.Foreign == ""
		status.Stages = append(status.Stages, s)
	}
	return status, nil
}

func stageOf(ctx context.Context, j *remote.Job, stage *scheduler.Stage) (Stage, error) {
	s := Stage{Name: stage.Name, Group: stage.Group, Tasks: stage.Tasks, Members: []Member{}}
	view, err := j.Look(ctx, stage)
	if err != nil {
		return s, err
	}
	s.State, s.Foreign = string(view.State), view.Foreign
	if s.Foreign != "" {
		s.State = stateForeign
	}
	for i := range view.Members {
		s.Members = append(s.Members, memberOf(&view.Members[i], j.Plan.Fingerprint))
	}
	for task := range stage.Tasks {
		if view.State != stream.GroupIsRebalancing && s.Foreign == "" && view.Owner(task) == nil && view.Next(task) == nil {
			s.Nobody = append(s.Nobody, task)
		}
	}
	return s, s.addLag(ctx, j.System.Admin(), inputsOf(j.Plan, stage))
}

func memberOf(m *membership.MemberView, fingerprint string) Member {
	s := Member{
		Instance: remote.NameOf(m), Host: m.Host, Address: m.Address, Refused: m.Refused,
		Tasks: listed(m.Tasks), TakingOver: listed(m.Coming), Standbys: listed(m.Standbys),
	}
	if s.Host == "" {
		s.Host = m.Client
	}
	if m.Compatibility != fingerprint {
		s.Fingerprint = m.Compatibility
	}
	return s
}

// listed returns a list that is never null in JSON.
func listed(tasks []int32) []int32 { return append([]int32{}, tasks...) }

// addLag counts the offsets between the group's committed offsets and the ends of its
// inputs.
func (s *Stage) addLag(ctx context.Context, admin stream.Admin, inputs []stream.TopicPartition) error {
	if len(inputs) == 0 {
		return nil
	}
	committed, err := admin.Committed(ctx, s.Group, inputs...)
	if err != nil {
		return err
	}
	starts, err := admin.Starts(ctx, inputs...)
	if err != nil {
		return err
	}
	ends, err := admin.Ends(ctx, inputs...)
	if err != nil {
		return err
	}
	var lag int64
	for i, at := range committed {
		if at < 0 {
			s.Uncommitted++
		}
		// The ends are read last, so none is lower than what was committed. But records
		// that weren't read yet may have been deleted.
		lag += max(ends[i]-max(at, starts[i]), 0)
	}
	s.Lag = &lag
	return nil
}

// inputsOf lists the partitions that a stage reads, of topics that exist.
func inputsOf(plan *scheduler.Plan, stage *scheduler.Stage) (tps []stream.TopicPartition) {
	for _, in := range stage.Inputs {
		if slices.ContainsFunc(plan.Topics, func(t scheduler.Topic) bool { return t.Name == in.Topic && t.Create }) {
			continue
		}
		for p := range in.Partitions {
			tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
		}
	}
	return tps
}
