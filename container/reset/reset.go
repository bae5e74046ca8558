// Package reset is the engine of the reset command: it makes a job that isn't running begin
// again, with other offsets of its inputs, and without its state or with it.
//
// Nothing is deleted, since the databases on other machines can't be reached. Instead the
// tasks get another history: tombstones at the ends of their changelogs undo what these
// say, and a meta record says where the inputs continue. Every database replays that tail
// later, and then agrees with all others.
//
// Three orders make that sound:
//
//   - First all tasks get a meta record that says that they are being reset. Only another
//     reset may go on from there: one that was interrupted is run again.
//   - Then the reset looks for members of the stages' groups. A container reads its
//     changelogs after it has joined its group, so it sees the mark, or is seen.
//   - A stage gets its last meta records after the stages that it feeds, which by then
//     have passed over the records on their way to them.
//
// Runs with a fixed assignment have no group. The reset's producers have the ids of their
// first containers, and one of the two is fenced.
package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Reset is a prepared reset of a job.
type Reset struct {
	Stages []Stage // what will be changed, upstream before downstream

	system  stream.System
	plan    *scheduler.Plan
	options topics.Options
	stages  []*stageReset
}

// Prepare looks at a job, and changes nothing.
func Prepare(ctx context.Context, plan *scheduler.Plan, cfg Config, target Target) (*Reset, error) {
	cfg = cfg.withDefaults()
	x := &Reset{system: cfg.System, plan: plan, options: cfg.Topics}
	for i := range plan.Stages {
		x.stages = append(x.stages, newStageReset(cfg, plan.App, &plan.Stages[i], target))
	}
	if err := target.check(plan); err != nil {
		return nil, err
	}
	missing, err := topics.Check(ctx, cfg.System.Admin(), plan.Topics)
	if err != nil {
		return nil, err
	}
	for _, s := range x.stages {
		s.missing = missing
	}
	if err := x.checkStopped(ctx); err != nil {
		return nil, err
	}
	if err := x.each(ctx, (*stageReset).prepare); err != nil {
		return nil, err
	}
	for _, s := range x.stages {
		x.Stages = append(x.Stages, s.changes)
	}
	return x, nil
}

// checkStopped refuses to reset a job that is running.
func (x *Reset) checkStopped(ctx context.Context) error {
	group, ok := x.system.(stream.Grouper)
	if !ok {
		return nil
	}
	var members []string
	for _, s := range x.stages {
		state, err := group.Group(ctx, s.stage.Group)
		if err != nil {
			return err
		}
		for _, m := range state.Members {
			members = append(members, fmt.Sprintf("member %s of group %s, on %s", m.ID, s.stage.Group, m.Host))
		}
	}
	if len(members) == 0 {
		return nil
	}
	slices.Sort(members)
	return fmt.Errorf("the job is running (%s): stop it first. A process that was killed, or is about to return, is a member until its session times out", strings.Join(members, ", "))
}

// Run carries the reset out. After an error the job is as it was, or refuses to start until
// it was reset; the error of its start says which.
func (x *Reset) Run(ctx context.Context) error {
	err := x.run(ctx)
	if errors.Is(err, stream.ErrFenced) {
		err = fmt.Errorf("the job was started, or another process resets it, at the same time: %w", err)
	}
	for _, s := range x.stages {
		err = errors.Join(err, s.close())
	}
	return err
}

func (x *Reset) run(ctx context.Context) error {
	if err := x.checkStopped(ctx); err != nil {
		return err
	}
	if err := topics.Create(ctx, x.system.Admin(), x.plan, x.options); err != nil {
		return err
	}
	for _, s := range x.stages {
		s.missing = nil
	}
	for _, step := range []func(*stageReset, context.Context) error{(*stageReset).takeOver, (*stageReset).mark} {
		if err := x.each(ctx, step); err != nil {
			return err
		}
	}
	if err := x.checkStopped(ctx); err != nil {
		return fmt.Errorf("the job was started while it was being reset: %w. Then reset it again", err)
	}
	if err := x.each(ctx, (*stageReset).clear); err != nil {
		return err
	}
	slices.Reverse(x.stages)
	return x.each(ctx, (*stageReset).finish)
}

// each takes a step with all stages.
func (x *Reset) each(ctx context.Context, step func(*stageReset, context.Context) error) error {
	for _, s := range x.stages {
		if err := step(s, ctx); err != nil {
			return fmt.Errorf("stage %s: %w", s.stage.Name, err)
		}
	}
	return nil
}
