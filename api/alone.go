package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// beAlone sees to it that a run with an end has the job to itself: the bounds are its
// own, and whoever shares tasks would wait for what never comes. A former life of this
// process leaves what it has; of others some may be dead, which shows when their
// sessions end.
func (r *run) beAlone(ctx context.Context) error {
	group, ok := r.system.(stream.Grouper)
	if !ok || !r.Once {
		return nil
	}
	others, err := untilNone(ctx, r.Session+time.Second, func() ([]string, error) { return r.others(ctx, group) })
	if err == nil && len(others) > 0 {
		err = fmt.Errorf("the job is running already (%s), and -once has it all to itself: stop it first, or leave -once out to share its work", strings.Join(others, ", "))
	}
	return err
}

// untilNone looks at what is in the way, again and again, until nothing is. It returns
// what still is when so much time is over.
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

// others are the members of the stages' groups that aren't former lives of this process.
func (r *run) others(ctx context.Context, group stream.Grouper) ([]string, error) {
	var others []string
	for i := range r.planned.Stages {
		s := &r.planned.Stages[i]
		state, err := group.Group(ctx, s.Group)
		if err != nil {
			return nil, err
		}
		if view := membership.ViewGroup(s, state); view.Foreign != "" {
			return nil, fmt.Errorf("stage %s: another kind of client (%s) uses its group %s: stop it, or give the app another name", s.Name, view.Foreign, s.Group)
		}
		for _, m := range state.Members {
			if !strings.HasPrefix(m.Instance, r.identity+"-") {
				others = append(others, fmt.Sprintf("member %s of group %s, on %s", m.ID, s.Group, m.Host))
			} else if err := leaveFor(ctx, group, s, m.Instance); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(others)
	return others, nil
}

// leaveFor has an instance leave that isn't there any more.
func leaveFor(ctx context.Context, group stream.Grouper, s *scheduler.Stage, instance string) error {
	nothing := func([]stream.GroupMember) ([]stream.GroupAssignment, error) { return nil, nil }
	m, err := group.Join(ctx, stream.GroupConfig{Group: s.Group, Instance: instance, Assign: nothing})
	if err != nil {
		return err
	}
	return m.Leave(ctx)
}
