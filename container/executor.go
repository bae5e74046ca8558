package container

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
	"github.com/gretestream/grete/stream"
)

// An Executor runs the containers of a plan: in this process ([InProcess]), or as
// processes of their own on this machine (package processes).
type Executor interface {
	// Run runs them until ctx is done and their finished work is committed; then it returns
	// nil. It returns earlier if a bounded run has ended, or with an error if they can't go
	// on. When it returns, none of them runs any more. If the cause of ctx is [ErrBack], the
	// groups keep the containers' tasks for them. Run is called once.
	//
	// An executor's containers end with it. Submitting a job to a cluster, where it goes on
	// without its submitter, isn't an executor: it has two steps, to hand the job over, and
	// to follow it. Only the second one is like Run, if the end of ctx ends the following
	// and not the job.
	Run(ctx context.Context) error
}

// InProcess is the executor of this process: it is the configuration of each
// container, and runs them as [RunAll] does.
type InProcess []Config

// Run implements [Executor].
func (p InProcess) Run(ctx context.Context) error { return RunAll(ctx, p) }

// RunAll runs containers, each in a goroutine of its own, until ctx is done or their bounded
// run has ended. The first that fails stops the others, which commit what they have
// finished.
func RunAll(ctx context.Context, containers []Config) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, cfg := range containers {
		group.Go(func() error { return Run(ctx, cfg) })
	}
	return group.Wait()
}

// Bounds returns where the inputs of a plan end now, for a run that stops there.
func Bounds(ctx context.Context, admin stream.Admin, plan *scheduler.Plan) (map[stream.TopicPartition]int64, error) {
	var tps []stream.TopicPartition
	for _, s := range plan.Stages {
		for _, in := range s.Inputs {
			if in.Repartition() || in.Delivery == scheduler.DeliverGlobal || in.Generator() {
				continue
			}
			for p := range in.Partitions {
				tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
			}
		}
	}
	ends, err := admin.Ends(ctx, tps...)
	if err != nil {
		return nil, fmt.Errorf("asking where the inputs end: %w", err)
	}
	bounds := make(map[stream.TopicPartition]int64)
	for i, tp := range tps {
		bounds[tp] = ends[i]
	}
	return bounds, nil
}

// Configs makes a configuration for each container of a plan, from what they have in common.
func Configs(plan *scheduler.Plan, base Config) []Config {
	var configs []Config
	for i := range plan.Stages {
		stage := &plan.Stages[i]
		for n, tasks := range share.Fixed(stage.Tasks, stage.Containers) {
			cfg := base
			cfg.App, cfg.Stage, cfg.Index, cfg.Tasks = plan.App, stage, n, tasks
			cfg.Stores = specs(plan, stage)
			configs = append(configs, cfg)
		}
	}
	return configs
}

// specs returns the descriptions of a stage's stores.
func specs(plan *scheduler.Plan, stage *scheduler.Stage) []*scheduler.StoreSpec {
	specs := make([]*scheduler.StoreSpec, len(stage.Stores))
	for i := range stage.Stores {
		specs[i] = plan.Spec(&stage.Stores[i])
	}
	return specs
}
