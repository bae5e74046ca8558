package container

import (
	"context"
	"maps"
	"slices"

	"github.com/gretestream/grete/container/recovery"
)

// pollGroup takes in what is new in the group, and carries out what the member decides.
func (f *life) pollGroup(ctx context.Context) error {
	if f.member == nil {
		return nil
	}
	assigned, err := f.member.Poll()
	for _, a := range assigned {
		f.cfg.Observer.Rebalanced(Rebalance{f.cfg.origin(), a})
	}
	if err != nil {
		return err
	}
	if err := f.handOver(ctx); err != nil {
		return err
	}
	if err := f.opener.unfollow(false); err != nil {
		return err
	}
	if err := f.openAssigned(ctx); err != nil {
		return err
	}
	f.opener.follow(ctx)
	return nil
}

// handOver releases the tasks that the container doesn't own any more, and rejoins the
// group if that waits for it. The other tasks aren't touched.
func (f *life) handOver(ctx context.Context) error {
	m := f.member
	released := slices.DeleteFunc(slices.Clone(f.tasks), func(t *task) bool { return m.Owns(t.ID) })
	var stopped []*opening
	for _, o := range f.opener.openings {
		if slices.ContainsFunc(o.tasks, func(t *task) bool { return !m.Owns(t.ID) }) {
			stopped = append(stopped, o)
		}
	}
	if !m.MustRejoin(len(released) > 0 || len(stopped) > 0) {
		return nil
	}
	if m.MayCommit() {
		if err := f.commit(ctx); err != nil {
			return err
		}
	}
	for _, o := range stopped {
		if err := f.opener.discard(o); err != nil {
			return err
		}
	}
	if err := f.release(released); err != nil {
		return err
	}
	return m.Rejoin(f.localState())
}

// localState says how much state of which tasks is on this machine.
func (f *life) localState() map[int32]int64 {
	state := f.cfg.Positions.Of(f.cfg.Stage.Name)
	maps.Copy(state, positions(f.tasks))
	return state
}

// positions says how much of their changelogs the databases of tasks have.
func positions(tasks []*task) map[int32]int64 {
	at := make(map[int32]int64)
	for _, t := range tasks {
		if t.State != nil {
			at[t.ID] = recovery.Position(t.changelogs)
		}
	}
	return at
}

// openAssigned starts to open the tasks that the container owns and doesn't have.
func (f *life) openAssigned(ctx context.Context) error {
	var fresh []int32
	for _, id := range f.member.Tasks() {
		if !f.opener.has(id) {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return f.open(ctx, fresh)
}
