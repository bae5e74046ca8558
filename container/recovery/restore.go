package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// restoreAttempts is how often to try a restore in all if changelogs lose records while
// they are read.
const restoreAttempts = 5

// restore opens the tasks' databases and restores them to the last commits. Records that a
// database holds already aren't read again: only the tail of each changelog that it lacks.
func (r *Recovery) restore(ctx context.Context) error {
	for _, t := range r.Tasks {
		if err := r.awaitDatabase(ctx, t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	for attempt := 1; ; attempt++ {
		x := restorer{r: r}
		err := errors.Join(x.run(ctx), x.close())
		if lost := (*stream.OffsetOutOfRangeError)(nil); errors.As(err, &lost) && attempt < restoreAttempts {
			err = x.startOver(lost)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("restoring state: %w", err)
		}
		x.handOver()
		return nil
	}
}

// A restorer is one attempt to bring the databases of a recovery's tasks to their last
// commits. It reads all their changelogs side by side.
type restorer struct {
	r        *Recovery
	consumer stream.Consumer // nil until something is read
	tasks    []*history
}

// run looks for the last commits until nothing has to be emptied any more, and replays
// them.
func (x *restorer) run(ctx context.Context) error {
	admin := x.r.cfg.System.Admin()
	for ends := admin.Ends; ; ends = admin.LogEnds {
		if err := x.find(ctx, ends); err != nil {
			return err
		}
		emptied, err := x.check(ctx)
		if err != nil {
			return err
		}
		if !emptied {
			return x.replay(ctx)
		}
	}
}

// find finds the tasks' last commits. It first reads what is committed, to see who else may
// write. When nobody may any more, it reads what has been written until then, committed or
// not.
func (x *restorer) find(ctx context.Context, ends endsFunc) error {
	for {
		if err := x.look(ctx, ends); err != nil {
			return err
		}
		again, err := x.checkReset(ctx)
		if err == nil && !again {
			again, err = x.fence(ctx)
		}
		if err == nil && !again {
			again, err = x.behind(ctx)
		}
		if err != nil || !again {
			return err
		}
		ends = x.r.cfg.System.Admin().LogEnds
	}
}

// look finds the last commits, up to the ends that are given.
func (x *restorer) look(ctx context.Context, ends endsFunc) error {
	if err := x.begin(ctx, ends); err != nil {
		return err
	}
	return x.findCuts(ctx)
}

// endsFunc returns the end offsets of partitions.
type endsFunc = func(context.Context, ...stream.TopicPartition) ([]int64, error)

// behind reports whether the changelogs have records that weren't looked at: of a
// transaction whose end marker wasn't written to them yet.
func (x *restorer) behind(ctx context.Context) (bool, error) {
	var tps []stream.TopicPartition
	var looked []int64
	for _, t := range x.tasks {
		for _, l := range t.logs {
			tps, looked = append(tps, l.TopicPartition), append(looked, l.end)
		}
	}
	ends, err := x.r.cfg.System.Admin().LogEnds(ctx, tps...)
	return !slices.Equal(ends, looked), err
}

// check returns an error if something can't be the tasks' last commits. It reports whether
// it has emptied databases; then the search starts again.
func (x *restorer) check(ctx context.Context) (emptied bool, err error) {
	for _, t := range x.tasks {
		err := t.checkWhole()
		if err == nil {
			err = x.checkCommitted(t)
		}
		if err != nil {
			return false, fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return x.discardAged(ctx)
}

// startOver prepares another attempt after a changelog has lost records that its database
// lacks, to compaction or because they were deleted. Deletions of keys may be among
// them, so the database is discarded.
func (x *restorer) startOver(lost *stream.OffsetOutOfRangeError) error {
	for _, t := range x.tasks {
		if t.State == nil || !slices.ContainsFunc(t.logs, func(l *changelog) bool { return l.TopicPartition == lost.TopicPartition }) {
			continue
		}
		if err := x.r.discard(t.Task, "while it was restored: "+lost.Error()); err != nil {
			return err
		}
	}
	return nil
}

// handOver leaves the result in the recovery's tasks.
func (x *restorer) handOver() {
	for _, t := range x.tasks {
		t.Last, t.history = t.last, t
		x.r.claims[t.ID] = t.last.Claim()
		if t.halfDone() {
			t.Moved, x.r.Unsettled = true, true
		}
	}
}

func (x *restorer) close() error {
	if x.consumer == nil {
		return nil
	}
	return x.consumer.Close()
}
