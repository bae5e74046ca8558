package api

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A process may run the containers of one stage alone, as those of a group on Nomad do.
// All else is as in any process: it plans the whole job, makes the topics of all stages,
// looks whether state of any is lost, and follows inputs that grow. What it doesn't hear
// in groups that it isn't in, it asks them for.

// checkStage looks at -stage, when it is known what the job runs on.
func (r *run) checkStage() error {
	switch {
	case r.Stage == "":
		return nil
	case r.kafka == nil:
		return fmt.Errorf("-stage %s: on the embedded log a job is one process, which runs all of its stages; with -kafka HOST:PORT other processes run the others", r.Stage)
	case r.Once:
		return fmt.Errorf("-stage %s: a run with an end, -once, has the job to itself, and runs all of its stages", r.Stage)
	}
	return nil
}

// stages are those of the plan whose containers this process runs.
func (r *run) stages() []scheduler.Stage {
	if r.Stage == "" {
		return r.planned.Stages
	}
	return slices.DeleteFunc(slices.Clone(r.planned.Stages), func(s scheduler.Stage) bool { return s.Name != r.Stage })
}

// elsewhere are stages that other processes run, of a plan and of that by which the
// job ran last.
func (r *run) elsewhere(plan *scheduler.Plan) []scheduler.Stage {
	all := slices.Clone(plan.Stages)
	if r.before != nil {
		all = append(all, r.before.Stages...)
	}
	var seen []string
	return slices.DeleteFunc(all, func(s scheduler.Stage) bool {
		again := slices.Contains(seen, s.Name)
		seen = append(seen, s.Name)
		return again || s.Name == r.Stage
	})
}

// waitForOthers waits until no other stage runs by a plan that doesn't fit this one. A
// group refuses who doesn't fit its members, but this process is in one group only. Who
// was stopped stays a member until its session ends.
func (r *run) waitForOthers(ctx context.Context) error {
	return r.fitOthers(ctx, r.planned, r.Session+time.Second)
}

// fitOthers is an error if some of another stage run by a plan that doesn't fit this
// one, and still do when so much time is over.
func (r *run) fitOthers(ctx context.Context, plan *scheduler.Plan, patience time.Duration) error {
	group, ok := r.system.(stream.Grouper)
	if !ok || r.Stage == "" {
		return nil
	}
	misfits, err := untilNone(ctx, patience, func() ([]string, error) { return r.misfits(ctx, plan, group) })
	if err == nil && len(misfits) > 0 {
		err = fmt.Errorf("the job that is running has stages, topics, stores or serdes that don't fit this program's: %s. Stop that first; plan shows what differs", strings.Join(misfits, ", "))
	}
	return err
}

// misfits are the members of other stages' groups whose plans don't fit. Nothing is
// known of those of groups that share their tasks anew.
func (r *run) misfits(ctx context.Context, plan *scheduler.Plan, group stream.Grouper) ([]string, error) {
	var misfits []string
	for _, s := range r.elsewhere(plan) {
		state, err := group.Group(ctx, s.Group)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", s.Name, err)
		}
		view := membership.ViewGroup(&s, state)
		for i := range view.Members {
			m := &view.Members[i]
			if m.Refused == "" && m.Compatibility != "" && m.Compatibility != plan.Fingerprint {
				misfits = append(misfits, fmt.Sprintf("stage %s at %s is %s, not %s", s.Name, named(m), m.Compatibility, plan.Fingerprint))
			}
		}
	}
	return misfits, nil
}

// othersEvery is how often it is looked who runs the other stages.
const othersEvery = 2 * time.Second

// watchOthers has the neighbours of a plan's other stages known, whom the assignments
// that come to this process don't name, until ctx is done: it answers over HTTP for all
// of the job.
func (r *run) watchOthers(ctx context.Context, plan *scheduler.Plan) {
	group, ok := r.system.(stream.Grouper)
	if !ok || r.Stage == "" {
		return
	}
	host, _ := os.Hostname() // without one it wouldn't have come into its group
	tick := time.NewTicker(othersEvery)
	defer tick.Stop()
	for {
		for _, s := range r.elsewhere(plan) {
			// Who can't be asked now is asked again: what is known stays true for a while.
			if state, err := group.Group(ctx, s.Group); err == nil {
				r.neighbours.Observe(&s, host, state)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
