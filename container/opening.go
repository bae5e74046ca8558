package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
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

// An opener gets tasks ready, beside the loop.
type opener struct {
	cfg      *Config
	member   *membership.Member
	producer stream.Producer
	loop     *loop.Loop
	running  *taskList // the tasks that the loop has
	counts   *metrics.Loop
	openings []*opening
	follower *follower     // nil: none
	ended    chan struct{} // gets a token when an opening, or the follower, has ended
}

// open starts to open tasks. ended is signalled when that has ended.
func (x *opener) open(ctx context.Context, ids []int32) error {
	o := &opening{done: make(chan struct{})}
	for _, id := range ids {
		t, err := x.newTask(id)
		if err != nil {
			return fmt.Errorf("stage %s: task %d: %w", x.cfg.Stage.Name, id, err)
		}
		o.tasks = append(o.tasks, t)
	}
	cfg := x.cfg.recovery()
	cfg.Live, cfg.OnProgress = x.member.Producers(), o.progress
	if len(*x.running) > 0 {
		cfg.Cache /= 2 // the running tasks have their own
	}
	o.recovery = recovery.New(cfg, ids)
	x.openings = append(x.openings, o)
	x.goBeside(ctx, o, o.recovery.Run)
	return nil
}

// goBeside runs f beside the loop.
func (x *opener) goBeside(ctx context.Context, o *opening, f func(context.Context) error) {
	ctx, o.cancel = context.WithCancel(ctx)
	x.cfg.Go(func() {
		defer notify(x.ended) // last, or the loop may find that it hasn't ended
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

// has reports whether a task is running or being opened.
func (x *opener) has(id int32) bool {
	return slices.ContainsFunc(*x.running, func(t *task) bool { return t.ID == id }) ||
		slices.ContainsFunc(x.openings, func(o *opening) bool { return o.has(id) })
}

// remove takes an opening out.
func (x *opener) remove(o *opening) {
	x.openings = slices.DeleteFunc(x.openings, func(other *opening) bool { return other == o })
}

// discard ends an opening, and leaves its tasks closed.
func (x *opener) discard(o *opening) error {
	x.remove(o)
	return x.end(o)
}

// end stops what an opening does beside the loop, waits for it, and closes its tasks.
func (x *opener) end(o *opening) error {
	o.cancel()
	for !o.ended() {
		x.cfg.Await(context.Background(), publishEvery, x.ended)
	}
	return errors.Join(closeTasks(x.counts, o.tasks), o.recovery.Close())
}

// close ends everything beside the loop.
func (x *opener) close() error {
	errs := []error{x.unfollow(true)}
	for _, o := range slices.Clone(x.openings) {
		errs = append(errs, x.discard(o))
	}
	return errors.Join(errs...)
}
