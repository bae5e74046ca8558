package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/metrics"
)

// An opening makes tasks ready to run: a recovery restores their state to their last
// commits and finds out where their inputs continue. It works in a goroutine of its own,
// beside the loop, which goes on with other tasks. When it has ended, the loop adopts the
// tasks.
type opening struct {
	recovery *recovery.Recovery
	tasks    []*task    // in the order of the recovery's
	mu       sync.Mutex // guards the tasks' counters

	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended
	err    error         // valid then
}

// begin starts to open tasks. c.opened is signalled when that has ended.
func (c *Container) begin(ctx context.Context, ids []int32) error {
	o := &opening{done: make(chan struct{})}
	for _, id := range ids {
		t, err := c.newTask(id)
		if err != nil {
			return fmt.Errorf("stage %s: task %d: %w", c.cfg.Stage.Name, id, err)
		}
		o.tasks = append(o.tasks, t)
	}
	cfg := c.cfg.recovery()
	cfg.Live, cfg.OnProgress = c.member.Producers(), o.progress
	if len(c.tasks) > 0 {
		cfg.Cache /= 2 // the running tasks have their own
	}
	o.recovery = recovery.New(cfg, ids)
	c.openings = append(c.openings, o)
	c.goBeside(ctx, o, o.recovery.Run)
	c.publish(c.cfg.Now(), true)
	return nil
}

// goBeside runs f beside the loop.
func (c *Container) goBeside(ctx context.Context, o *opening, f func(context.Context) error) {
	ctx, o.cancel = context.WithCancel(ctx)
	c.cfg.Go(func() {
		defer notify(c.opened) // last, or the loop may find that it hasn't ended
		defer close(o.done)
		defer o.cancel()
		o.err = f(ctx)
	})
}

// notify puts a token into a channel that has room for one.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// progress counts what was replayed of a changelog, and what is left.
func (o *opening) progress(p recovery.Progress) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.tasks {
		if t.ID == p.Task {
			m := t.counts.Stores[p.Store]
			m.RestoredRecords += p.Records
			m.RestoredBytes += p.Bytes
			m.RestoreRecords = p.Left
		}
	}
}

// ended reports whether it has ended.
func (o *opening) ended() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// has reports whether a task is among its tasks.
func (o *opening) has(id int32) bool {
	return slices.ContainsFunc(o.tasks, func(t *task) bool { return t.ID == id })
}

// discardOpening ends an opening, and leaves its tasks closed.
func (c *Container) discardOpening(o *opening) error {
	c.openings = slices.DeleteFunc(c.openings, func(other *opening) bool { return other == o })
	return c.end(o)
}

// end stops what an opening does beside the loop, waits for it, and closes its tasks.
func (c *Container) end(o *opening) error {
	o.cancel()
	for !o.ended() {
		c.cfg.Await(context.Background(), publishEvery, c.opened)
	}
	return errors.Join(c.closeTasks(o.tasks), o.recovery.Close())
}

// closeTasks closes what tasks have open, and drops their counters.
func (c *Container) closeTasks(tasks []*task) error {
	var errs []error
	for _, t := range tasks {
		c.counts.Tasks = slices.DeleteFunc(c.counts.Tasks, func(m *metrics.Task) bool { return m == t.counts })
		if t.logic != nil {
			errs = append(errs, t.logic.Close())
		}
		if t.State != nil {
			errs = append(errs, t.State.Close())
		}
	}
	return errors.Join(errs...)
}
