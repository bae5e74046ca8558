package api

import (
	"context"
	"slices"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// statusCommand shows who runs the job. It asks Kafka, and Nomad if that is named, but
// no process, so it works from any machine, and whatever has become of them.
type statusCommand struct {
	JSON bool `name:"json" help:"Show it as JSON."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
	Nomad nomadFlags `embed:""`
}

func (s *statusCommand) Run(ctx context.Context, a *App, c console) error {
	client, on, err := s.Nomad.find(ctx, a)
	if err != nil {
		return err
	}
	if client != nil {
		client.Close()
	}
	return s.Kafka.visit(ctx, a, c, func(r *remote) error {
		status, err := r.status(ctx)
		if err != nil {
			return err
		}
		if on != nil {
			status.addNomad(on)
		}
		if s.JSON {
			return printJSON(c, status)
		}
		return status.write(c.out)
	})
}

// A jobStatus is what status shows.
type jobStatus struct {
	App         string        `json:"app"`
	Cluster     string        `json:"cluster"`     // its id
	Fingerprint string        `json:"fingerprint"` // of this program's plan
	Running     bool          `json:"running"`     // somebody runs at least one of the stages
	Nomad       *nomadStatus  `json:"nomad,omitempty"`
	Stages      []stageStatus `json:"stages"` // upstream before downstream
}

type stageStatus struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	State string `json:"state"` // empty, rebalancing, stable, foreign
	// Foreign is the kind of client that uses the group, if it isn't a job's.
	Foreign string `json:"foreign,omitempty"`
	Tasks   int32  `json:"tasks"`
	// Lag is how many offsets of the inputs are to be processed yet, by what the group
	// has committed; missing while there are no inputs. Where nothing is committed of a
	// partition all of it counts, and Uncommitted is the number of these.
	Lag         *int64         `json:"lag,omitempty"`
	Uncommitted int            `json:"uncommitted,omitempty"`
	Members     []memberStatus `json:"members"`
	// Nobody has these tasks, and nobody is to have them. While the group is
	// rebalancing that isn't known.
	Nobody []int32 `json:"nobody,omitempty"`
	// Wanted is how many containers it is to have on Nomad, and Containers are those that
	// there are; missing where Nomad isn't asked.
	Wanted     int               `json:"wanted,omitempty"`
	Containers []containerStatus `json:"containers,omitempty"`
}

type memberStatus struct {
	Instance string  `json:"instance"`
	Host     string  `json:"host,omitempty"`
	Address  string  `json:"address,omitempty"` // HOST:PORT, where it is asked over HTTP
	Tasks    []int32 `json:"tasks"`
	// TakingOver are tasks that it has as soon as others have given them up.
	TakingOver []int32 `json:"takingOver"`
	Standbys   []int32 `json:"standbys"`
	// Fingerprint is that of its plan, if it isn't this program's.
	Fingerprint string `json:"fingerprint,omitempty"`
	Refused     string `json:"refused,omitempty"` // why it can't take part
}

// stateForeign is the state of a group that another kind of client uses.
const stateForeign = "foreign"

func (r *remote) status(ctx context.Context) (*jobStatus, error) {
	status := &jobStatus{App: r.plan.App, Cluster: r.system.ID(), Fingerprint: r.plan.Fingerprint}
	for i := range r.plan.Stages {
		s, err := r.stageStatus(ctx, &r.plan.Stages[i])
		if err != nil {
			return nil, err
		}
		status.Running = status.Running || len(s.Members) > 0 && s.Foreign == ""
		status.Stages = append(status.Stages, s)
	}
	return status, nil
}

func (r *remote) stageStatus(ctx context.Context, stage *scheduler.Stage) (stageStatus, error) {
	s := stageStatus{Name: stage.Name, Group: stage.Group, Tasks: stage.Tasks, Members: []memberStatus{}}
	view, err := r.look(ctx, stage)
	if err != nil {
		return s, err
	}
	s.State, s.Foreign = string(view.State), view.Foreign
	if s.Foreign != "" {
		s.State = stateForeign
	}
	for i := range view.Members {
		s.Members = append(s.Members, r.memberStatus(&view.Members[i]))
	}
	for task := range stage.Tasks {
		if view.State != stream.GroupIsRebalancing && s.Foreign == "" && view.Owner(task) == nil && view.Next(task) == nil {
			s.Nobody = append(s.Nobody, task)
		}
	}
	return s, r.addLag(ctx, stage, &s)
}

func (r *remote) memberStatus(m *membership.MemberView) memberStatus {
	s := memberStatus{
		Instance: nameOf(m), Host: m.Host, Address: m.Address, Refused: m.Refused,
		Tasks: listed(m.Tasks), TakingOver: listed(m.Coming), Standbys: listed(m.Standbys),
	}
	if s.Host == "" {
		s.Host = m.Client
	}
	if m.Compatibility != r.plan.Fingerprint {
		s.Fingerprint = m.Compatibility
	}
	return s
}

// nameOf is what a member is called: one of another kind of client may have no lasting
// name.
func nameOf(m *membership.MemberView) string {
	if m.Instance == "" {
		return m.ID
	}
	return m.Instance
}

// listed is a list that is never null in JSON.
func listed(tasks []int32) []int32 { return append([]int32{}, tasks...) }

// addLag counts what is between the group's offsets and the ends of the inputs.
func (r *remote) addLag(ctx context.Context, stage *scheduler.Stage, s *stageStatus) error {
	tps := r.inputs(stage)
	if len(tps) == 0 {
		return nil
	}
	admin := r.system.Admin()
	committed, err := admin.Committed(ctx, stage.Group, tps...)
	if err != nil {
		return err
	}
	starts, err := admin.Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := admin.Ends(ctx, tps...)
	if err != nil {
		return err
	}
	var lag int64
	for i, at := range committed {
		if at < 0 {
			s.Uncommitted++
		}
		// The ends are asked for last, so none is before what was committed, but
		// somebody may have deleted what wasn't read yet.
		lag += max(ends[i]-max(at, starts[i]), 0)
	}
	s.Lag = &lag
	return nil
}

// inputs are the partitions that a stage reads, of topics that exist.
func (r *remote) inputs(stage *scheduler.Stage) (tps []stream.TopicPartition) {
	for _, in := range stage.Inputs {
		if slices.ContainsFunc(r.plan.Topics, func(t scheduler.Topic) bool { return t.Name == in.Topic && t.Create }) {
			continue
		}
		for p := range in.Partitions {
			tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
		}
	}
	return tps
}
