package status

import (
	"context"
	"slices"
	"time"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Of asks a cluster for the status of a job.
func Of(ctx context.Context, j *remote.Job) (*model.Job, error) {
	status := &model.Job{App: j.Plan.App, Cluster: j.System.ID(), Process: model.Process{
		Fingerprint: j.Plan.Fingerprint, PlanVersion: j.Plan.Version, Program: model.ProgramOf(metrics.ReadBuild()), At: time.Now().UnixMilli(),
	}}
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

func stageOf(ctx context.Context, j *remote.Job, stage *scheduler.Stage) (model.Stage, error) {
	s := model.Stage{Name: stage.Name, Group: stage.Group, Members: []model.Member{}}
	view, err := j.Look(ctx, stage)
	if err != nil {
		return s, err
	}
	s.State, s.Foreign = string(view.State), view.Foreign
	if s.Foreign != "" {
		s.State = model.StateForeign
	}
	for i := range view.Members {
		s.Members = append(s.Members, memberOf(&view.Members[i], j.Plan.Fingerprint))
	}
	for id := range stage.Tasks {
		t := taskOf(stage, id, &view)
		if t.State == model.StateUnassigned && view.Next(id) == nil {
			s.Nobody = append(s.Nobody, id)
		}
		s.Tasks = append(s.Tasks, t)
	}
	inputs := inputsOf(j.Plan, stage)
	if err := addInputs(ctx, &s, j.System.Admin(), inputs); err != nil {
		return s, err
	}
	return s, addHeld(ctx, &s, j.System, inputs, time.Now())
}

func memberOf(m *membership.MemberView, fingerprint string) model.Member {
	s := model.Member{
		Instance: remote.NameOf(m), Host: m.Host, Address: m.Address, Refused: m.Refused,
		Tasks: listed(m.Tasks), TakingOver: listed(m.Coming), Standbys: listed(m.Standbys),
	}
	if s.Host == "" {
		s.Host = m.Client
	}
	if f := scheduler.FingerprintOf(m.Compatibility); f != fingerprint {
		s.Fingerprint = f
	}
	return s
}

// listed returns a list that is never null in JSON.
func listed(tasks []int32) []int32 { return append([]int32{}, tasks...) }

// taskOf describes a task as far as its group knows it. While the group is rebalancing, or
// belongs to another kind of client, owners are unknown.
func taskOf(stage *scheduler.Stage, id int32, view *membership.GroupView) model.Task {
	t := model.Task{ID: id, State: model.StateUnknown, Inputs: []model.Input{}, Stores: make([]model.Store, len(stage.Stores))}
	for i := range t.Stores {
		t.Stores[i].Name = stage.Stores[i].Name
	}
	if view.Foreign != "" {
		return t
	}
	if owner := view.Owner(id); owner != nil {
		t.Instance, t.Address = remote.NameOf(owner), owner.Address
	} else if view.State != stream.GroupIsRebalancing {
		t.State = model.StateUnassigned
	}
	return t
}

// addInputs adds the inputs of the tasks, by the group's committed offsets, and the lag of
// the stage.
func addInputs(ctx context.Context, s *model.Stage, admin stream.Admin, inputs []input) error {
	if len(inputs) == 0 {
		return nil
	}
	tps := make([]stream.TopicPartition, len(inputs))
	for i := range inputs {
		tps[i] = inputs[i].TopicPartition
	}
	committed, err := admin.Committed(ctx, s.Group, tps...)
	if err != nil {
		return err
	}
	starts, err := admin.Starts(ctx, tps...)
	if err != nil {
		return err
	}
	// The ends are read last, so none is lower than what was committed.
	ends, err := admin.Ends(ctx, tps...)
	if err != nil {
		return err
	}
	var sum int64
	for i, tp := range tps {
		in := model.Input{Topic: tp.Topic, Partition: tp.Partition, End: &ends[i]}
		if committed[i] < 0 {
			s.Uncommitted++
		} else {
			in.Position = &committed[i]
		}
		// Records that weren't read yet may have been deleted.
		lag := max(ends[i]-max(committed[i], starts[i]), 0)
		in.Lag = &lag
		sum += lag
		t := &s.Tasks[inputs[i].task]
		t.Inputs = append(t.Inputs, in)
	}
	s.Lag = &sum
	return nil
}

// An input is a partition that a stage reads, and the task whose offset the group has.
type input struct {
	stream.TopicPartition
	task        int32
	repartition bool
}

// inputsOf lists the partitions that a stage reads, of topics that exist.
func inputsOf(plan *scheduler.Plan, stage *scheduler.Stage) (inputs []input) {
	for _, in := range stage.Inputs {
		if slices.ContainsFunc(plan.Topics, func(t scheduler.Topic) bool { return t.Name == in.Topic && t.Create }) {
			continue
		}
		for p := range in.Partitions {
			if task := stage.Committer(&in, p); task >= 0 && task < stage.Tasks {
				inputs = append(inputs, input{stream.TopicPartition{Topic: in.Topic, Partition: p}, task, in.Repartition()})
			}
		}
	}
	return inputs
}
