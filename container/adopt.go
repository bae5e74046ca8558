package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

// adoptOpened takes over the tasks whose opening has ended, as soon as their first commit
// can be made.
func (f *life) adoptOpened(ctx context.Context) error {
	for _, o := range slices.Clone(f.opener.openings) {
		if !o.ended() || ctx.Err() != nil || !f.member.MayCommit() {
			continue
		}
		if err := f.adopt(ctx, o); err != nil {
			return fmt.Errorf("stage %s: %w", f.cfg.Stage.Name, err)
		}
	}
	return nil
}

// adopt builds the operators of an opening's tasks, and starts reading their inputs. A first
// commit settles what a crash has left half done, where a new input starts, and who owns
// the tasks now.
func (f *life) adopt(ctx context.Context, o *opening) error {
	maps.Copy(f.before, o.recovery.Claims())
	if o.err != nil {
		return o.err
	}
	if err := f.commits.topics.compare(o.recovery.TopicIDs); err != nil {
		return err
	}
	f.opener.remove(o)
	f.tasks = append(f.tasks, o.tasks...)
	slices.SortFunc(f.tasks, func(a, b *task) int { return cmp.Compare(a.ID, b.ID) })
	for i, t := range o.tasks {
		t.recovered(o.recovery.Tasks[i])
	}
	for i, t := range o.tasks {
		if err := f.build(t, o.recovery.Tasks[i]); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	for i, t := range o.tasks {
		if err := t.Attach(o.recovery.Tasks[i].Inputs); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	if o.recovery.Unsettled || !f.cfg.AtLeastOnce {
		if _, err := f.commits.commit(ctx); err != nil {
			return err
		}
	}
	if err := f.cfg.savePositions(o.tasks); err != nil {
		return err
	}
	f.cfg.showState(o.tasks)
	f.publish(f.cfg.Now(), true)
	f.cfg.restored(o)
	return nil
}

// recovered takes over what a recovery has handed over. The task closes it from now on.
func (t *task) recovered(from *recovery.Task) {
	t.State, t.db, t.changelogs, t.Moved = from.State, from.DB, from.Changelogs, from.Moved
	if from.Last != nil {
		t.seq = from.Last.Seq
		t.SetForms(from.Last.FormsOf(t.stage))
	}
}

// build makes the operators of a recovered task, and undoes what wasn't committed.
func (f *life) build(t *task, from *recovery.Task) error {
	if t.State != nil {
		t.State.Move(&f.budget)
		t.State.Undo.Fits = t.fits
	}
	f.loop.Add(&t.Running)
	var marks map[string]int64
	if from.Last != nil {
		marks = from.Last.Operators
	}
	if err := t.Build(f.cfg.Program, marks); err != nil {
		return err
	}
	if err := from.Undo(f.loop.Now(), func(store int, r *stream.Record) error { return t.logs[store].Send(t.ID, r) }); err != nil {
		return fmt.Errorf("undoing what was not committed: %w", err)
	}
	t.Moved = t.Moved || !f.cfg.AtLeastOnce
	return nil
}

// release closes tasks that the container doesn't own any more. All their work is
// committed.
func (f *life) release(tasks []*task) error {
	gone := func(t *task) bool { return slices.Contains(tasks, t) }
	f.loop.Detach(func(id int32) bool { return slices.ContainsFunc(tasks, func(t *task) bool { return t.ID == id }) })
	f.tasks = slices.DeleteFunc(slices.Clone(f.tasks), gone)
	f.cfg.hideState(tasks)
	return errors.Join(f.cfg.savePositions(tasks), closeTasks(&f.counts, tasks))
}
