package nomadjob

import (
	"cmp"
	"context"

	"github.com/gretestream/grete/api/internal/program/status"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/nomad"
)

// JobStatus returns the status of an app's job, for status.
func (f *Flags) JobStatus(ctx context.Context, app string) (*status.Nomad, error) {
	client, on, err := f.find(ctx, app)
	if err != nil || client == nil {
		return nil, err
	}
	client.Close()
	return statusOf(on), nil
}

func statusOf(on *nomad.Status) *status.Nomad {
	n := &status.Nomad{Nomad: model.Nomad{
		Job: on.Job, Namespace: on.Namespace, State: on.State, Version: on.Version, Fingerprint: on.Fingerprint, Deployment: on.Deployment,
	}}
	for _, s := range on.Stages {
		stage := status.NomadStage{Stage: s.Stage, Wanted: s.Wanted}
		for _, c := range s.Containers {
			stage.Containers = append(stage.Containers, model.Container{Address: c.Address, Allocation: &model.Allocation{
				Name: c.Name, Alloc: c.Alloc, Node: c.Node, State: c.State, Since: c.Since, Restarts: c.Restarts, Event: cmp.Or(c.Trouble, c.Event),
			}})
		}
		n.Stages = append(n.Stages, stage)
	}
	return n
}
