package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// errGrown ends containers that are to begin anew, by another plan.
var errGrown = errors.New("inputs have grown")

// watchInputs looks from time to time whether inputs have more partitions than planned,
// or more topics match a pattern. It returns errGrown, and the plan to go on by is
// r.grown, or why the job can't go on; nil when ctx is done.
func (r *run) watchInputs(ctx context.Context) error {
	tick := time.NewTicker(r.Refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		known, err := r.app.metadata(ctx, r.system.Admin())
		if err != nil {
			if ctx.Err() == nil {
				r.log.Warn("it can't be seen whether inputs have grown; it is tried again", "error", err)
			}
			continue
		}
		if !r.outgrown(known) {
			continue
		}
		if r.grown, err = r.follow(known); err != nil {
			return fmt.Errorf("the inputs have grown while the job runs, and it can't follow; what was finished is committed. %w", err)
		}
		return errGrown
	}
}

// outgrown tells whether there is more to read than planned. Other changes, such as a
// topic that is gone, are told by those who read it.
func (r *run) outgrown(known scheduler.Metadata) bool {
	planned := make(map[string]int32)
	for _, t := range r.planned.Topics {
		planned[t.Name] = t.Partitions
		if t.Role != scheduler.RoleRepartition && known.Partitions[t.Name] > t.Partitions {
			return true
		}
	}
	g := r.app.recorded()
	for topic := range known.Partitions {
		if _, reads := g.Reads(topic); reads && planned[topic] == 0 {
			return true
		}
	}
	return false
}

// follow makes the plan for inputs that have grown.
func (r *run) follow(known scheduler.Metadata) (*scheduler.Plan, error) {
	plan, err := r.planFor(known)
	if err != nil {
		return nil, err
	}
	switch v := compare.Plans(r.planned, plan); v.Kind {
	case compare.Same, compare.Compatible:
		return plan.GoOn(r.planned), nil
	default:
		return nil, fmt.Errorf("%s%w", v.Text(), errRefused)
	}
}

// A following executor runs the containers in this process, and has them begin anew when
// the inputs have grown. In between they keep their places in their groups, so that
// nothing moves.
type following struct {
	*run
	configs []container.Config
}

// Run is the executor's.
func (f *following) Run(ctx context.Context) error {
	for {
		err := f.untilGrown(ctx)
		if !errors.Is(err, errGrown) || ctx.Err() != nil {
			return err
		}
		if err := f.regrow(ctx); err != nil {
			return err
		}
	}
}

// untilGrown runs the containers until they end, or the inputs have grown.
func (f *following) untilGrown(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	watched := make(chan error, 1)
	go func() {
		err := f.watchInputs(ctx)
		switch {
		case errors.Is(err, errGrown):
			stop(container.ErrBack)
		case err != nil:
			stop(nil)
		}
		watched <- err
	}()
	plan := f.planned
	var others sync.WaitGroup
	others.Go(func() { f.watchOthers(ctx, plan) })
	err := container.RunAll(ctx, f.configs)
	stop(nil)
	others.Wait()
	return errors.Join(err, <-watched)
}

// regrow has the run go on by the plan for inputs that have grown.
func (f *following) regrow(ctx context.Context) (err error) {
	for _, t := range f.grown.Topics {
		if n := f.partitions(t.Name); t.Role == scheduler.RoleInput && n < t.Partitions {
			f.say("topic %s has %d partitions now, not %d: the job follows", t.Name, t.Partitions, n)
		}
	}
	f.planned = f.grown
	if err := f.createTopics(ctx); err != nil {
		return err
	}
	if f.server != nil {
		f.server.Follow(f.planned)
	}
	if f.configs, err = f.containers(ctx); err != nil {
		return err
	}
	return f.record(ctx, f.planned)
}

// partitions is how many of a topic are planned; 0 if it isn't among the plan's.
func (r *run) partitions(topic string) int32 {
	for _, t := range r.planned.Topics {
		if t.Name == topic {
			return t.Partitions
		}
	}
	return 0
}
