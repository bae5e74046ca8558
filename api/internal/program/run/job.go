package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
)

// A job is a run with its plan.
type job struct {
	*connection
	plan    *scheduler.Plan
	last    *scheduler.Plan // the plan of the last run; nil: the job has never run
	created int             // number of input topics that this run has created
}

// plan creates the input topics that this run writes to, and plans the job. The plan
// goes on from that of the last run.
func (c *connection) plan(ctx context.Context) (*job, error) {
	created, err := createInputs(ctx, c.system.Admin(), c.inputs(), program.PartitionsOr(c.Partitions), c.Replication)
	if err != nil {
		return nil, err
	}
	h, err := history.Read(ctx, c.system, c.pipeline.App)
	if err != nil {
		return nil, err
	}
	c.pipeline.KeepAs(h.Renames)
	if c.graph, err = c.pipeline.Graph(); err != nil {
		return nil, err
	}
	known, err := c.pipeline.Metadata(ctx, c.system.Admin())
	if err != nil {
		return nil, err
	}
	plan, err := c.planFor(known)
	if err != nil {
		return nil, err
	}
	if c.Stage != "" {
		if _, err := plan.Stage(c.Stage); err != nil {
			return nil, program.Usage(fmt.Errorf("-stage: %w", err))
		}
	}
	plan, last, err := h.GoOn(plan, c.AcceptLoss)
	if err != nil {
		return nil, err
	}
	return &job{c, plan, last, created}, nil
}

// planFor plans the job for these topics.
func (s *settings) planFor(known scheduler.Metadata) (*scheduler.Plan, error) {
	return scheduler.Build(s.graph, known, scheduler.Options{Containers: s.Containers, Partitions: s.Partitions})
}

// check refuses to run beside others that the job can't run beside, and without topics
// that hold its state.
func (j *job) check(ctx context.Context) error {
	if err := j.waitAlone(ctx); err != nil {
		return err
	}
	if err := j.checkReplaced(ctx); err != nil {
		return err
	}
	if err := j.waitForMisfits(ctx); err != nil {
		return err
	}
	return checkChangelogs(ctx, j.system.Admin(), j.plan)
}

func (c *connection) createTopics(ctx context.Context, plan *scheduler.Plan) error {
	return topics.Create(ctx, c.system.Admin(), plan, topics.Options{Replication: c.Replication})
}

// stages returns the stages of a plan whose containers this process runs.
func (s *settings) stages(plan *scheduler.Plan) []scheduler.Stage {
	if s.Stage == "" {
		return plan.Stages
	}
	return slices.DeleteFunc(slices.Clone(plan.Stages), func(stage scheduler.Stage) bool { return stage.Name != s.Stage })
}

// outputs lists the output topics that this process writes to.
func (j *job) outputs() []string {
	var topics []string
	for _, s := range j.stages(j.plan) {
		for _, out := range s.Outputs {
			if !out.Repartition {
				topics = append(topics, out.Topic)
			}
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}
