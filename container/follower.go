package container

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gretestream/grete/metrics"
)

// A follower keeps the state of tasks that others own close behind theirs, so that the
// tasks are soon at work here when their owners are gone. It reads their changelogs as
// a restore does, again and again, and writes nothing to them.
type follower struct {
	opening
	ids []int32 // of the tasks, ascending
}

const (
	// followEvery is how often a follower looks for what is new.
	followEvery = time.Second
	// followAgain is when it goes on after a failure.
	followAgain = 10 * time.Second
)

// follow has the container follow the tasks that the group wants it to, apart from
// those that it has.
func (c *Container) follow(ctx context.Context) {
	wanted := c.toFollow()
	if c.follower != nil || len(wanted) == 0 {
		return
	}
	f := &follower{ids: wanted, opening: opening{cfg: c.cfg, done: make(chan struct{})}}
	f.budget.Limit = c.cfg.cacheBytes() / 4
	for _, id := range wanted {
		t := c.countedTask(id)
		t.counts.State = metrics.TaskStandby
		f.tasks = append(f.tasks, t)
	}
	ctx, f.cancel = context.WithCancel(ctx)
	c.follower = f
	c.cfg.Go(func() {
		defer notify(c.opened) // last, as in begin
		defer close(f.done)
		defer f.cancel()
		f.run(ctx)
	})
}

// toFollow are the tasks that the container is to follow.
func (c *Container) toFollow() []int32 {
	return slices.DeleteFunc(c.member.ToFollow(), c.has)
}

// unfollow ends the follower, unless it follows what it should. Its databases can be
// opened then.
func (c *Container) unfollow(always bool) error {
	f := c.follower
	if f == nil || !always && slices.Equal(f.ids, c.toFollow()) {
		return nil
	}
	c.follower = nil
	return c.end(&f.opening)
}

// run follows until ctx is done. What goes wrong stops nobody's work: it is said, and
// tried again.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.followOn(ctx)
		if ctx.Err() != nil {
			return
		}
		f.cfg.Logger.Warn("a standby can't follow; it goes on soon", "stage", f.cfg.Stage.Name, "error", err)
		for _, t := range f.tasks {
			if t.State != nil {
				err = errors.Join(err, t.State.Close())
				t.State = nil
			}
		}
		if dir := corrupt(err); dir != "" {
			_ = f.cfg.removeState(dir, err) // else the next opening says it
		}
		f.cfg.Await(ctx, followAgain)
	}
}

// followOn follows until something goes wrong.
func (f *follower) followOn(ctx context.Context) (err error) {
	if err := f.identify(ctx); err != nil {
		return err
	}
	for _, t := range f.tasks {
		if err := f.openState(t); err != nil {
			return err
		}
	}
	r := restorer{o: &f.opening}
	defer func() { err = errors.Join(err, r.close()) }()
	for {
		if err := r.follow(ctx); err != nil {
			return err
		}
		f.cfg.Positions.note(f.cfg.Stage.Name, f.tasks)
		f.cfg.Await(ctx, followEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// follow reads what has been committed since the last time.
func (r *restorer) follow(ctx context.Context) error {
	if err := r.look(ctx, r.o.cfg.System.Admin().Ends); err != nil {
		return err
	}
	if emptied, err := r.check(ctx); err != nil || emptied {
		return err // what was emptied is looked at next time
	}
	r.tasks = slices.DeleteFunc(r.tasks, func(t *restoring) bool { return !t.wholeCommit() })
	return r.replay(ctx)
}

// wholeCommit tells whether all changelogs show the task's last commit: they do so one
// after the other.
func (t *restoring) wholeCommit() bool {
	return t.last == t.local || !slices.ContainsFunc(t.parts, func(l *changelog) bool { return l.found == nil || l.seq != t.last.Seq })
}
