package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// A follower is an executor that runs the containers in this process, and restarts them
// with a new plan when the inputs have grown. In between they keep their places in their
// groups, so that nothing moves.
type follower struct {
	*process
	admission *admission
	plan      *scheduler.Plan    // the current one
	configs   []container.Config // of the current plan
}

// Run is the executor's.
func (f *follower) Run(ctx context.Context) error {
	for {
		grown, err := f.runUntilGrown(ctx)
		if grown == nil || err != nil || ctx.Err() != nil {
			return err
		}
		if err := f.restart(ctx, grown); err != nil {
			return err
		}
	}
}

// runUntilGrown runs the containers until they end, or the inputs have grown: then it
// returns the plan to go on by.
func (f *follower) runUntilGrown(ctx context.Context) (*scheduler.Plan, error) {
	ctx, stop := context.WithCancelCause(ctx)
	type grown struct {
		plan *scheduler.Plan
		err  error
	}
	watched := make(chan grown, 1)
	go func() {
		plan, err := f.watchInputs(ctx)
		switch {
		case plan != nil:
			stop(container.ErrBack)
		case err != nil:
			stop(nil)
		}
		watched <- grown{plan, err}
	}()
	var others sync.WaitGroup
	others.Go(func() { f.watchOthers(ctx, f.plan) })
	err := container.RunAll(ctx, f.configs)
	stop(nil)
	others.Wait()
	g := <-watched
	return g.plan, errors.Join(err, g.err)
}

// restart makes the containers of a new plan.
func (f *follower) restart(ctx context.Context, plan *scheduler.Plan) (err error) {
	for _, t := range plan.Topics {
		if n := partitions(f.plan, t.Name); t.Role == scheduler.RoleInput && n < t.Partitions {
			f.console.Say("topic %s has grown from %d to %d partitions: restarting with a new plan", t.Name, n, t.Partitions)
		}
	}
	f.plan = plan
	if err := f.createTopics(ctx, plan); err != nil {
		return err
	}
	if f.server != nil {
		f.server.Follow(plan)
	}
	if f.configs, err = f.containers(ctx, plan, nil, f.admission); err != nil {
		return err
	}
	return f.record(ctx, f.admission, plan)
}

// watchInputs checks the inputs at intervals. When they have grown it returns the plan
// to go on by, or why the job can't; when ctx is done it returns nil.
func (f *follower) watchInputs(ctx context.Context) (*scheduler.Plan, error) {
	tick := time.NewTicker(f.Refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
		known, err := f.pipeline.Metadata(ctx, f.system.Admin())
		if err != nil {
			if ctx.Err() == nil {
				f.log.Warn("can't check whether inputs have grown; retrying", "error", err)
			}
			continue
		}
		if !outgrown(f.graph, f.plan, known) {
			continue
		}
		plan, err := f.follow(known)
		if err != nil {
			return nil, fmt.Errorf("the inputs have grown, and the running job can't follow; what was finished is committed. %w", err)
		}
		return plan, nil
	}
}

// outgrown reports whether there is more to read than planned. Other changes, such as a
// deleted topic, are reported by those who read it.
func outgrown(g scheduler.Graph, plan *scheduler.Plan, known scheduler.Metadata) bool {
	planned := make(map[string]int32)
	for _, t := range plan.Topics {
		planned[t.Name] = t.Partitions
		if t.Role != scheduler.RoleRepartition && known.Partitions[t.Name] > t.Partitions {
			return true
		}
	}
	for topic := range known.Partitions {
		if _, reads := g.Reads(topic); reads && planned[topic] == 0 {
			return true
		}
	}
	return false
}

// follow makes the plan for inputs that have grown.
func (f *follower) follow(known scheduler.Metadata) (*scheduler.Plan, error) {
	plan, err := f.planFor(known)
	if err != nil {
		return nil, err
	}
	switch v := compare.Plans(f.plan, plan); v.Kind {
	case compare.Same, compare.Compatible:
		return plan.GoOn(f.plan), nil
	default:
		return nil, fmt.Errorf("%s%w", v.Text(), history.ErrRefused)
	}
}

// partitions returns the planned number of partitions of a topic; 0 if it isn't planned.
func partitions(plan *scheduler.Plan, topic string) int32 {
	for _, t := range plan.Topics {
		if t.Name == topic {
			return t.Partitions
		}
	}
	return 0
}
