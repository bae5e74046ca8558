package container

import (
	"context"
	"slices"

	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/metrics"
)

// A follower keeps the state of tasks that others own close behind theirs.
type follower struct {
	opening
	ids []int32 // of the tasks, ascending
}

// follow starts to follow the tasks that the group wants the container to follow, except
// those that it has.
func (x *opener) follow(ctx context.Context) {
	ids := x.toFollow()
	if x.follower != nil || len(ids) == 0 {
		return
	}
	f := &follower{ids: ids, opening: opening{done: make(chan struct{})}}
	for _, id := range ids {
		t := x.countedTask(id)
		t.counts.State = metrics.TaskStandby
		f.tasks = append(f.tasks, t)
	}
	cfg := x.cfg.recovery()
	cfg.OnProgress = f.progress
	cfg.Cache /= 4
	following := recovery.NewFollower(cfg, ids, x.cfg.Positions)
	f.recovery = following.Recovery
	x.follower = f
	x.goBeside(ctx, &f.opening, func(ctx context.Context) error {
		following.Run(ctx)
		return nil
	})
}

// toFollow returns the tasks that the container should follow.
func (x *opener) toFollow() []int32 {
	return slices.DeleteFunc(x.member.ToFollow(), x.has)
}

// unfollow ends the follower, unless it follows what it should. Then its databases can be
// opened.
func (x *opener) unfollow(always bool) error {
	f := x.follower
	if f == nil || !always && slices.Equal(f.ids, x.toFollow()) {
		return nil
	}
	x.follower = nil
	return x.end(&f.opening)
}
