package reset

import (
	"context"
	"fmt"
	"maps"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A fresh plan is that of a job which starts without state. A changelog that has another
// number of partitions than its stage has tasks can't be used any more: the store gets
// another one, by a name of its own in the renames of the job.
type fresh struct {
	pipeline program.Pipeline
	system   stream.System
	renames  map[string]string
}

// planFresh plans the job, and returns the renames that the plan needs.
func planFresh(ctx context.Context, p program.Pipeline, system stream.System) (*scheduler.Plan, map[string]string, error) {
	h, err := history.Read(ctx, system, p.App)
	if err != nil {
		return nil, nil, err
	}
	f := fresh{p, system, maps.Clone(h.Renames)}
	plan, known, err := f.plan(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	for i := range plan.Stages {
		for _, st := range plan.Stages[i].Stores {
			if n := known[st.Changelog]; n == 0 || n == plan.Stages[i].Tasks {
				continue
			}
			if err := f.rename(ctx, &plan.Nodes[st.Node]); err != nil {
				return nil, nil, err
			}
		}
	}
	plan, _, err = f.plan(ctx, false)
	return plan, f.renames, err
}

// plan plans the job with the renames, as if it had no changelogs, or with those that it has.
// It also returns the partitions of all topics.
func (f *fresh) plan(ctx context.Context, withoutChangelogs bool) (*scheduler.Plan, map[string]int32, error) {
	f.pipeline.KeepAs(f.renames)
	known, err := f.pipeline.Metadata(ctx, f.system.Admin())
	if err != nil {
		return nil, nil, err
	}
	all := maps.Clone(known.Partitions)
	if withoutChangelogs {
		for _, n := range f.pipeline.Recorded().Nodes {
			for _, topic := range n.Changelogs(f.pipeline.App, n.StateName()) {
				delete(known.Partitions, topic)
			}
		}
	}
	plan, err := f.pipeline.Plan(known, scheduler.Options{})
	return plan, all, err
}

// rename finds a name for the state of an operator under which there is none yet.
func (f *fresh) rename(ctx context.Context, n *scheduler.Node) error {
	for i := 2; ; i++ {
		name := fmt.Sprintf("%s-%d", n.Name, i)
		found, err := f.system.Admin().Partitions(ctx, n.Changelogs(f.pipeline.App, name)...)
		if err != nil {
			return err
		}
		taken := false
		for _, partitions := range found {
			taken = taken || partitions > 0
		}
		if !taken {
			f.renames[n.Name] = name
			return nil
		}
	}
}
