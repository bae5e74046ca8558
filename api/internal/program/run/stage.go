package run

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A process may run the containers of one stage only (-stage), as those of a task group
// on Nomad do. It still plans the whole job, creates the topics of all stages, checks
// the state of all of them, and follows inputs that grow. What it would learn as a
// member of the other stages' groups it asks these groups for.

// checkStage checks -stage, once it is known what the job runs on.
func (s *settings) checkStage() error {
	switch {
	case s.Stage == "":
		return nil
	case s.kafka == nil:
		return fmt.Errorf("-stage %s: a job on the embedded log is a single process, which runs all of its stages; add -kafka HOST:PORT to run others elsewhere", s.Stage)
	case s.Once:
		return fmt.Errorf("-stage %s: a run with -once needs the job alone, and runs all of its stages", s.Stage)
	}
	return nil
}

// elsewhere returns the stages that other processes run, of this plan and of the plan of
// the last run.
func (j *job) elsewhere(plan *scheduler.Plan) []scheduler.Stage {
	all := slices.Clone(plan.Stages)
	if j.last != nil {
		all = append(all, j.last.Stages...)
	}
	var seen []string
	return slices.DeleteFunc(all, func(s scheduler.Stage) bool {
		again := slices.Contains(seen, s.Name)
		seen = append(seen, s.Name)
		return again || s.Name == j.Stage
	})
}

// waitForMisfits waits until no other stage runs by a plan that is incompatible with
// this one. A group refuses members that are incompatible, but this process is in one
// group only. A member that was stopped stays in its group until its session ends.
func (j *job) waitForMisfits(ctx context.Context) error {
	return j.checkMisfits(ctx, j.plan, j.Session+time.Second)
}

// checkMisfits returns an error if members of other stages run by an incompatible plan,
// and still do when patience is over.
func (j *job) checkMisfits(ctx context.Context, plan *scheduler.Plan, patience time.Duration) error {
	group, ok := j.system.(stream.Grouper)
	if !ok || j.Stage == "" {
		return nil
	}
	misfits, err := untilNone(ctx, patience, func() ([]string, error) { return misfits(ctx, group, j.elsewhere(plan), plan.Compatibility()) })
	if err == nil && len(misfits) > 0 {
		err = fmt.Errorf("the running job has other stages, topics, stores or serdes than this program: %s. Stop it first; plan shows the differences", strings.Join(misfits, ", "))
	}
	return err
}

// misfits describes the members of stages whose plans are incompatible. The
// members of groups that are rebalancing are unknown.
func misfits(ctx context.Context, group stream.Grouper, stages []scheduler.Stage, compatibility string) ([]string, error) {
	var misfits []string
	for _, s := range stages {
		state, err := group.Group(ctx, s.Group)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", s.Name, err)
		}
		view := membership.ViewGroup(&s, state)
		for i := range view.Members {
			m := &view.Members[i]
			if m.Refused == "" && m.Compatibility != "" && !scheduler.SideBySide(m.Compatibility, compatibility) {
				misfits = append(misfits, fmt.Sprintf("stage %s at %s is %s, not %s", s.Name, remote.Describe(m), scheduler.FingerprintOf(m.Compatibility), scheduler.FingerprintOf(compatibility)))
			}
		}
	}
	return misfits, nil
}

// othersEvery is the interval at which the groups of other stages are polled.
const othersEvery = 2 * time.Second

// watchOthers polls the groups of a plan's other stages until ctx is done, so that the
// HTTP API knows their processes: assignments of this process don't name them.
func (p *process) watchOthers(ctx context.Context, plan *scheduler.Plan) {
	group, ok := p.system.(stream.Grouper)
	if !ok || p.Stage == "" {
		return
	}
	host, _ := os.Hostname() // this process has joined a group with it
	tick := time.NewTicker(othersEvery)
	defer tick.Stop()
	for {
		for _, s := range p.elsewhere(plan) {
			// After an error, keep the known state for a while; the next round asks again.
			if state, err := group.Group(ctx, s.Group); err == nil {
				p.shared.peers.Observe(&s, host, state)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
