package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Status describes an app's job as Nomad has it.
type Status struct {
	Job, Namespace string
	State          string // pending, running, dead; stopped
	Version        uint64 // counted by Nomad
	Fingerprint    string // of its plan
	// Deployment describes the latest deployment; "" if there is none.
	Deployment string
	Stages     []StageStatus
}

// A StageStatus describes a stage's task group.
type StageStatus struct {
	Stage  string
	Wanted int // containers
	// Containers are those that haven't ended. For an index without one, it is the container
	// that ended last.
	Containers []Container
}

// stopped is the state of a stopped job that Nomad hasn't purged.
const stopped = "stopped"

// Stopped reports whether the job was stopped.
func (s *Status) Stopped() bool { return s.State == stopped }

// Status returns the status of an app's job, or [ErrNoJob] if there is none.
func (c *Client) Status(ctx context.Context, app string) (*Status, error) {
	job, err := c.job(ctx, app)
	if err != nil {
		return nil, err
	}
	s := &Status{Job: *job.ID, Namespace: *job.Namespace, State: *job.Status, Version: *job.Version, Fingerprint: job.Meta[metaFingerprint]}
	if *job.Stop {
		s.State = stopped
	}
	d, err := c.deployment(ctx, job)
	if err != nil {
		return nil, err
	}
	if d != nil {
		s.Deployment = strings.TrimSuffix(fmt.Sprintf("of version %d: %s, %s", d.JobVersion, d.Status, d.StatusDescription), ", ")
	}
	all, err := c.containers(ctx, job)
	if err != nil {
		return nil, err
	}
	for _, g := range job.TaskGroups {
		stage := StageStatus{Stage: g.Meta[metaStage], Wanted: *g.Count}
		of := slices.DeleteFunc(slices.Clone(all), func(k Container) bool { return k.Stage != stage.Stage })
		stage.Containers = latest(of, stage.Wanted)
		s.Stages = append(s.Stages, stage)
	}
	return s, nil
}

// latest drops the ended containers of a stage. It keeps the last one of each wanted index
// without a container that runs.
func latest(all []Container, wanted int) (left []Container) {
	for i, k := range all {
		last := i+1 == len(all) || all[i+1].Index != k.Index
		running := slices.ContainsFunc(all, func(o Container) bool { return o.Index == k.Index && !o.Ended() })
		if !k.Ended() || last && !running && k.Index < wanted {
			left = append(left, k)
		}
	}
	return left
}
