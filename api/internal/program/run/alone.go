package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// waitAlone waits until a run with -once has the job to itself: its bounds are its own,
// and another process that shared its tasks would never finish. Former members of this
// process leave their groups. Others may be dead, which shows when their sessions end.
func (j *job) waitAlone(ctx context.Context) error {
	group, ok := j.system.(stream.Grouper)
	if !ok || !j.Once {
		return nil
	}
	others, err := untilNone(ctx, j.Session+time.Second, func() ([]string, error) { return otherMembers(ctx, group, j.plan, j.identity) })
	if err == nil && len(others) > 0 {
		err = fmt.Errorf("the job is already running (%s), and -once needs it alone: stop the others first, or remove -once to share the work with them", strings.Join(others, ", "))
	}
	return err
}

// untilNone polls for obstacles until there are none. It returns those that are left
// when patience is over.
func untilNone(ctx context.Context, patience time.Duration, look func() ([]string, error)) ([]string, error) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; {
		seen, err := look()
		if err != nil || len(seen) == 0 || !time.Now().Before(end) {
			return seen, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// otherMembers describes the members of the stages' groups that aren't former members of
// this process, which it removes.
func otherMembers(ctx context.Context, group stream.Grouper, plan *scheduler.Plan, identity string) ([]string, error) {
	var others []string
	for i := range plan.Stages {
		s := &plan.Stages[i]
		state, err := group.Group(ctx, s.Group)
		if err != nil {
			return nil, err
		}
		if view := membership.ViewGroup(s, state); view.Foreign != "" {
			return nil, fmt.Errorf("%w: stop that client, or give the app another name", remote.ForeignError(s, &view))
		}
		for _, m := range state.Members {
			if !isOf(m.Instance, identity) {
				others = append(others, fmt.Sprintf("member %s of group %s, on %s", m.ID, s.Group, m.Host))
			} else if err := leaveFor(ctx, group, s, m.Instance); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(others)
	return others, nil
}

// leaveFor removes an instance that no longer runs from its group.
func leaveFor(ctx context.Context, group stream.Grouper, s *scheduler.Stage, instance string) error {
	nothing := func([]stream.GroupMember) ([]stream.GroupAssignment, error) { return nil, nil }
	m, err := group.Join(ctx, stream.GroupConfig{Group: s.Group, Instance: instance, Assign: nothing})
	if err != nil {
		return err
	}
	return m.Leave(ctx)
}
