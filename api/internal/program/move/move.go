package move

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A move is that of one task.
type move struct {
	job   *remote.Job
	stage *scheduler.Stage
	task  int32
}

// newMove reads STAGE/NUMBER, or NUMBER. A stage's name may contain slashes.
func newMove(j *remote.Job, text string) (*move, error) {
	name, number := "", text
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		name, number = text[:i], text[i+1:]
	}
	stage, err := j.Stage(name)
	if err != nil {
		return nil, err
	}
	task, err := strconv.ParseInt(number, 10, 32)
	if err != nil || task < 0 || task >= int64(stage.Tasks) {
		return nil, fmt.Errorf("stage %s has no task %q: its tasks are 0 to %d", stage.Name, number, stage.Tasks-1)
	}
	return &move{j, stage, int32(task)}, nil
}

// run moves the task, and returns in words what was done.
func (m *move) run(ctx context.Context, client *jobclient.Client, to string) (string, error) {
	view, err := m.await(ctx, func(*membership.GroupView) bool { return true })
	if err != nil {
		return "", err
	}
	from := view.Owner(m.task)
	target, err := choose(view, to, from)
	if err != nil {
		return "", fmt.Errorf("stage %s: %w", m.stage.Name, err)
	}
	if from != nil && from.Instance == target.Instance {
		return fmt.Sprintf("task %d of stage %s is at %s already", m.task, m.stage.Name, remote.Describe(target)), nil
	}
	if err := remote.Reachable(target); err != nil {
		return "", err
	}
	if err := m.request(ctx, client, target); err != nil {
		return "", fmt.Errorf("requesting %s to take over the task: %w", remote.Describe(target), err)
	}
	view, err = m.await(ctx, func(v *membership.GroupView) bool {
		owner := v.Owner(m.task)
		return owner != nil && owner.Instance == target.Instance
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return "", m.explain(view, target)
	}
	if err != nil {
		return "", err
	}
	before := "no owner"
	if from != nil {
		before = remote.Describe(from)
	}
	return fmt.Sprintf("task %d of stage %s: from %s to %s", m.task, m.stage.Name, before, remote.Describe(target)), nil
}

// request makes a container request the task from its group.
func (m *move) request(ctx context.Context, client *jobclient.Client, target *membership.MemberView) error {
	var response httpapi.Move
	return client.Post(ctx, target.Address, httpapi.MovePath(m.stage.Name, m.task), url.Values{"instance": {target.Instance}}, &response)
}

// lookEvery is the interval at which the group is polled.
const lookEvery = 200 * time.Millisecond

// await polls the stage's group until it is stable and done returns true. When ctx is
// done it returns the last view, too.
func (m *move) await(ctx context.Context, done func(*membership.GroupView) bool) (*membership.GroupView, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last *membership.GroupView
	for {
		view, err := m.job.Look(ctx, m.stage)
		switch {
		case ctx.Err() != nil:
			return last, fmt.Errorf("stage %s: its group doesn't settle: %w; see status", m.stage.Name, ctx.Err())
		case err != nil:
			return last, err
		case view.Foreign != "":
			return last, remote.ForeignError(m.stage, &view)
		case len(view.Members) == 0:
			return last, fmt.Errorf("stage %s isn't running", m.stage.Name)
		case view.State == stream.GroupIsStable && done(&view):
			return &view, nil
		}
		last = &view
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// choose finds the member to move to: an instance, or one on a host, which is the owner
// of the task, or else the one with the fewest tasks.
func choose(view *membership.GroupView, to string, owner *membership.MemberView) (*membership.MemberView, error) {
	if owner != nil && owner.Host == to {
		return owner, nil
	}
	var best *membership.MemberView
	var names []string
	for i := range view.Members {
		m := &view.Members[i]
		if m.Instance == to {
			return m, nil
		}
		if m.Host == to && (best == nil || len(m.Tasks)+len(m.Coming) < len(best.Tasks)+len(best.Coming)) {
			best = m
		}
		names = append(names, m.Instance)
	}
	if best == nil {
		return nil, fmt.Errorf("no instance and no host is named %q; the instances are %s on %s", to, strings.Join(names, ", "), strings.Join(remote.Hosts(view.Members), ", "))
	}
	return best, nil
}

// explain says why the task didn't move in time, by the last view of the group.
func (m *move) explain(view *membership.GroupView, target *membership.MemberView) error {
	why := "the group is still rebalancing: a member is slow, or has died; see status"
	if view != nil && view.State == stream.GroupIsStable {
		why = "no member owns it"
		next := view.Next(m.task)
		switch owner := view.Owner(m.task); {
		case next != nil && next.Instance == target.Instance:
			why = "its owner hasn't released it yet"
		case owner != nil:
			why = fmt.Sprintf("the group left it with %s: another member may have requested it, too, or the group's leader runs an older version of Grete", remote.Describe(owner))
		}
	}
	return fmt.Errorf("task %d of stage %s didn't move to %s in time: %s", m.task, m.stage.Name, remote.Describe(target), why)
}
