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
	f.opener.remove(o)
	f.loop.tasks = append(f.loop.tasks, o.tasks...)
	slices.SortFunc(f.loop.tasks, func(a, b *task) int { return cmp.Compare(a.ID, b.ID) })
	f.commits.topicIDs = o.recovery.TopicIDs
	for i, t := range o.tasks {
		t.recovered(o.recovery.Tasks[i])
	}
	for i, t := range o.tasks {
		if err := f.build(t, o.recovery.Tasks[i]); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	for i, t := range o.tasks {
		for _, in := range o.recovery.Tasks[i].Inputs {
			if err := f.loop.attach(newPartition(t, in, &f.cfg.Stage.Inputs[in.Index])); err != nil {
				return fmt.Errorf("task %d: %w", t.ID, err)
			}
		}
		t.bootstrapping = t.bootstraps()
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
	t.State, t.db, t.changelogs, t.moved = from.State, from.DB, from.Changelogs, from.Moved
	if from.Last != nil {
		t.seq = from.Last.Seq
	}
}

// build makes the operators of a recovered task, and undoes what wasn't committed.
func (f *life) build(t *task, from *recovery.Task) error {
	if t.State != nil {
		t.State.Move(&f.budget)
	}
	logic, err := f.cfg.Program.NewLogic(f.cfg.Stage, &t.Task)
	if err != nil {
		return err
	}
	t.logic, t.operator = logic, logic.Operator
	if from.Last != nil {
		logic.SetMarks(from.Last.Operators)
	}
	for input := range f.cfg.Stage.Inputs {
		if t.ID >= f.cfg.Stage.Inputs[input].Partitions {
			logic.Source(input).SetWatermark(IdleTime)
		}
	}
	if err := from.Undo(f.loop.now, func(store int, r *stream.Record) error { return t.logs[store].Send(t.ID, r) }); err != nil {
		return fmt.Errorf("undoing what was not committed: %w", err)
	}
	t.moved = t.moved || !f.cfg.AtLeastOnce
	return nil
}

// release closes tasks that the container doesn't own any more. All their work is
// committed.
func (f *life) release(tasks []*task) error {
	f.loop.detach(tasks)
	f.cfg.hideState(tasks)
	return errors.Join(f.cfg.savePositions(tasks), closeTasks(&f.counts, tasks))
}
