package submit

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// A planned job is what submit registers.
type planned struct {
	plan *scheduler.Plan
	// apart means that containers of the running version can't run beside those of this
	// one.
	apart bool
}

// plan plans the job for the topics of the cluster, and compares the plan with that of
// the running job, or of its last run.
func (k *Command) plan(ctx context.Context, p program.Pipeline, c program.Console) (_ planned, err error) {
	if err := k.checkVersion(ctx, p, c); err != nil {
		return planned{}, err
	}
	o := scheduler.Options{Partitions: k.Partitions}
	if o.Containers, o.StageContainers, err = perStage("containers", k.Containers); err != nil {
		return planned{}, program.Usage(err)
	}
	where, err := k.Kafka.Options()
	if err != nil {
		return planned{}, err
	}
	j, err := remote.Open(ctx, p, c, *where, o)
	if err != nil {
		return planned{}, err
	}
	defer func() { err = program.Close(err, j.System) }()
	last, err := j.History.Last()
	if err != nil || last == nil {
		return planned{plan: j.Plan}, err
	}
	v := compare.Plans(last, sameSize(j.Plan, last))
	switch {
	case v.Kind == compare.Incompatible && !k.AcceptLoss:
		return planned{}, history.Refusal(&v)
	case v.Kind != compare.Same:
		if _, err := fmt.Fprint(c.Err, v.Text()); err != nil {
			return planned{}, err
		}
	}
	return planned{j.Plan.GoOn(last), v.Kind == compare.Restart || v.Kind == compare.Incompatible}, nil
}

// sameSize returns a plan with as many containers as another one. Containers on Nomad
// don't record how many there are: each of them knows only itself.
func sameSize(plan, other *scheduler.Plan) *scheduler.Plan {
	p := *plan
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		if was, err := other.Stage(p.Stages[i].Name); err == nil {
			p.Stages[i].Containers = was.Containers
		}
	}
	return &p
}
