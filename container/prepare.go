package container

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
	"github.com/gretestream/grete/stream"
)

// Bounds is where the inputs of a plan end now: the bounds of a run that is to
// stop there.
func Bounds(ctx context.Context, admin stream.Admin, plan *scheduler.Plan) (map[stream.TopicPartition]int64, error) {
	var tps []stream.TopicPartition
	for _, s := range plan.Stages {
		for _, in := range s.Inputs {
			if in.Repartition() {
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

// Configs makes a configuration for each container of a plan, from one that says
// what they have in common.
func Configs(plan *scheduler.Plan, base Config) []Config {
	var configs []Config
	for i := range plan.Stages {
		stage := &plan.Stages[i]
		for n, tasks := range share.Fixed(stage.Tasks, stage.Containers) {
			cfg := base
			cfg.App, cfg.Stage, cfg.Index, cfg.Tasks = plan.App, stage, n, tasks
			configs = append(configs, cfg)
		}
	}
	return configs
}
