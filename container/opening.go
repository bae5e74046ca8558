package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
)

// An opening makes tasks ready to run: it restores their state to their last commits
// and finds out where their inputs go on. It works in a goroutine of its own, beside
// the loop, which goes on with other tasks. Until it is over its tasks belong to it,
// but for their writers; then the loop adopts them.
type opening struct {
	cfg        Config
	tasks      []*task
	partitions []*partition
	budget     kv.Budget       // of what is replayed
	live       map[string]bool // producers of members of the group, who mustn't be shut out
	fenced     map[string]bool // producers that can't write any more
	resets     bool            // it is a reset's, which goes on where one was interrupted
	empties    bool            // and it empties the stores, whatever they hold

	ids       map[string]string // of topics, by name
	metas     []*meta           // by task, of its last commit
	restored  []*restoring      // by task
	unsettled bool              // something must be committed before anything else is done

	mu     sync.Mutex // guards the tasks' counters
	cancel context.CancelFunc
	done   chan struct{} // closed when it is over
	err    error         // valid then
}

// begin starts to open tasks. It tells c.opened when it is over.
func (c *Container) begin(ctx context.Context, ids []int32) error {
	o := &opening{cfg: c.cfg, fenced: map[string]bool{c.cfg.TransactionalID(): !c.cfg.AtLeastOnce}, live: c.member.Producers(), done: make(chan struct{})}
	o.budget.Limit = c.cfg.cacheBytes()
	if len(c.tasks) > 0 {
		o.budget.Limit /= 2 // the others have theirs
	}
	for _, id := range ids {
		t, err := c.newTask(id)
		if err != nil {
			return fmt.Errorf("stage %s: task %d: %w", c.cfg.Stage.Name, id, err)
		}
		o.tasks = append(o.tasks, t)
	}
	ctx, o.cancel = context.WithCancel(ctx)
	c.openings = append(c.openings, o)
	c.cfg.Go(func() {
		defer notify(c.opened) // last, or who is woken may find that it isn't over
		defer close(o.done)
		defer o.cancel()
		o.err = o.run(ctx)
	})
	c.publish(c.cfg.Now(), true)
	return nil
}

// notify puts a token into a channel that has room for one.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run does it, step by step.
func (o *opening) run(ctx context.Context) error {
	if err := o.identify(ctx); err != nil {
		return err
	}
	if err := o.restore(ctx); err != nil {
		return err
	}
	o.makePartitions()
	if err := o.locate(ctx); err != nil {
		return err
	}
	return o.checkBounds(ctx)
}

// over tells whether it has come to its end.
func (o *opening) over() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// has tells whether a task is among its tasks.
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
	for !o.over() {
		c.cfg.Await(context.Background(), publishEvery, c.opened)
	}
	return c.closeTasks(o.tasks)
}

// closeTasks closes what tasks have open, and counts them no more.
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
