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
func (c *Container) follow(ctx context.Context) {
	ids := c.toFollow()
	if c.follower != nil || len(ids) == 0 {
		return
	}
	f := &follower{ids: ids, opening: opening{done: make(chan struct{})}}
	for _, id := range ids {
		t := c.countedTask(id)
		t.counts.State = metrics.TaskStandby
		f.tasks = append(f.tasks, t)
	}
	cfg := c.cfg.recovery()
	cfg.OnProgress = f.progress
	cfg.Cache /= 4
	following := recovery.NewFollower(cfg, ids, c.cfg.Positions)
	f.recovery = following.Recovery
	c.follower = f
	c.goBeside(ctx, &f.opening, func(ctx context.Context) error {
		following.Run(ctx)
		return nil
	})
}

// toFollow returns the tasks that the container should follow.
func (c *Container) toFollow() []int32 {
	return slices.DeleteFunc(c.member.ToFollow(), c.has)
}

// unfollow ends the follower, unless it follows what it should. Then its databases can be
// opened.
func (c *Container) unfollow(always bool) error {
	f := c.follower
	if f == nil || !always && slices.Equal(f.ids, c.toFollow()) {
		return nil
	}
	c.follower = nil
	return c.end(&f.opening)
}
