package plan

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
)

// Commands are those of this package.
type Commands struct {
	Plan  Command      `cmd:"" help:"Show what would run: stages, tasks, topics and stores."`
	Graph GraphCommand `cmd:"" help:"Draw the pipeline."`
}

// A Command shows the plan, and creates nothing. With a cluster, the plan is for its
// topics; without one, input topics are assumed to be created with -partitions.
type Command struct {
	Containers int    `default:"1" help:"Number of containers of each stage."`
	Partitions int32  `placeholder:"N" help:"Partitions of the topics that the job creates (default: as many as its input has; 4 for an input that it creates)."`
	JSON       bool   `name:"json" help:"Print JSON."`
	Against    string `placeholder:"FILE" help:"Compare with the plan in FILE, written by plan -json: can both versions run side by side, one after the other, or not at all (exit code 1)? With -kafka the default is the plan that the job runs by, or ran by last."`

	Kafka cluster.KafkaFlags `embed:"" group:"kafka"`
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) error {
	plan, before, err := k.plans(ctx, p, c)
	switch {
	case err != nil:
		return err
	case before != nil:
		return show(c, k.JSON, before, plan)
	case k.JSON:
		return c.JSON(plan)
	}
	_, err = fmt.Fprint(c.Out, draw.Text(plan))
	return err
}

// plans returns the plan, and the one to compare it with, nil if there is none.
func (k *Command) plans(ctx context.Context, p program.Pipeline, c program.Console) (plan, before *scheduler.Plan, err error) {
	if k.Against != "" {
		if before, err = read(k.Against); err != nil {
			return nil, nil, err
		}
	}
	o := scheduler.Options{Containers: k.Containers, Partitions: k.Partitions}
	where, err := k.Kafka.Options()
	if err != nil {
		return nil, nil, err
	}
	if where == nil {
		plan, err = p.PlanOffline(o, before)
		return plan, before, err
	}
	job, err := remote.Open(ctx, p, c, *where, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = program.Close(err, job.System) }()
	if before == nil {
		before, err = job.History.Last()
	}
	return job.Plan, before, err
}
