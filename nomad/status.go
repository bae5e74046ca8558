package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Status is an app's job as Nomad has it.
type Status struct {
	Job, Namespace string
	State          string // pending, running, dead; stopped
	Version        uint64 // Nomad's number
	Fingerprint    string // of its plan
	// Deployment is how far that of this version is, in words; "" if there is none.
	Deployment string
	Stages     []StageStatus
}

// A StageStatus is a stage's task group.
type StageStatus struct {
	Stage  string
	Wanted int // containers
	// Containers are those that haven't ended, and, where none of a place is left, the
	// one that ended last.
	Containers []Container
}

// stopped is the state of a job that was stopped, and is there still.
const stopped = "stopped"

// Stopped tells whether it isn't to run.
func (s *Status) Stopped() bool { return s.State == stopped }

// Status looks at an app's job. The error is [ErrNoJob] if there is none.
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
		stage.Containers = places(of, stage.Wanted)
		s.Stages = append(s.Stages, stage)
	}
	return s, nil
}

// places leaves out of a stage's containers what has ended, but for the last of each
// place that has to have one, and has none.
func places(all []Container, wanted int) (left []Container) {
	for i, k := range all {
		last := i+1 == len(all) || all[i+1].Index != k.Index
		lives := slices.ContainsFunc(all, func(o Container) bool { return o.Index == k.Index && !o.Ended() })
		if !k.Ended() || last && !lives && k.Index < wanted {
			left = append(left, k)
		}
	}
	return left
}
