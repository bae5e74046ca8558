package container

import (
	"context"
	"time"
)

// A Wait says when to call Step again.
type Wait struct {
	// Until is when there is something to do even if no record arrives; zero: don't wait.
	Until time.Time
	// Uncommitted means that something has happened since the last commit.
	Uncommitted bool
	// Done means that the bounded run has ended and is committed.
	Done bool
}

// step is [Container.Step].
func (f *life) step(ctx context.Context) (Wait, error) {
	began := f.cfg.Now()
	f.loop.SetNow(began)
	if err := f.applyHold(began); err != nil {
		return Wait{}, err
	}
	if err := f.pollGroup(ctx); err != nil {
		return Wait{}, err
	}
	if err := f.adoptOpened(ctx); err != nil {
		return Wait{}, err
	}
	if err := f.loop.Poll(); err != nil {
		return Wait{}, err
	}
	began = f.spend(&f.counts.Phases.Poll, began)
	n, pending, err := f.work()
	if err != nil {
		return Wait{}, err
	}
	began = f.spend(&f.counts.Phases.Process, began)
	done := f.done()
	f.commits.keepFresh(began)
	if f.commits.due(began, done) {
		if err := f.commit(ctx); err != nil {
			return Wait{}, err
		}
		began = f.spend(&f.counts.Phases.Commit, began)
	}
	f.counts.Turns++
	f.publish(began, done)
	moved := f.tasks.moved()
	switch {
	case done:
		return Wait{Done: true}, nil
	case n > 0 || pending:
		return Wait{Uncommitted: moved}, nil
	}
	return Wait{Until: f.wakeAt(), Uncommitted: moved}, nil
}

// work is [loop.Loop.Work], after a step of eviction. If no more fits into memory before a
// commit, and nothing can be committed now, it waits.
func (f *life) work() (n int, pending bool, err error) {
	if f.budget.Trimming() {
		f.budget.Trim()
	}
	if f.budget.Full() {
		return 0, true, nil
	}
	if f.commits.full() && !f.member.MayCommit() {
		return 0, false, nil
	}
	n, pending, err = f.loop.Work()
	return n, pending || f.budget.Trimming(), err
}

// full reports that a commit or an eviction must come before more records.
func (f *life) full() bool { return f.commits.full() || f.budget.Full() }

// done reports whether the bounded run has ended here.
func (f *life) done() bool {
	return f.cfg.Run != 0 && len(f.opener.openings) == 0 && f.loop.Tasks.Ended()
}

// wakeAt is when there is something to do even if no record arrives: a commit, a timer of
// an operator, an input that becomes idle, or the next counters to publish.
func (f *life) wakeAt() time.Time {
	at := f.loop.Tasks.ClockDue(f.cfg.Now().Add(publishEvery))
	if due := f.commits.lastCommit.Add(f.cfg.CommitInterval); f.member.MayCommit() && f.tasks.moved() && due.Before(at) {
		return due
	}
	return at
}

// await waits until a time, or until something happens.
func (f *life) await(ctx context.Context, until time.Time) {
	began := f.cfg.Now()
	f.cfg.Await(ctx, until.Sub(began), f.consumer.Ready(), f.opener.ended, f.loop.Woken(), f.member.Ready())
	f.spend(&f.counts.Phases.Idle, began)
}

// applyHold stops reading the inputs, or goes on reading them, if the Hold has changed.
func (f *life) applyHold(now time.Time) error {
	if f.holder.On(now) == f.loop.Inputs.Holding() {
		return nil
	}
	f.settled = false
	return f.loop.Inputs.Hold(f.holder.Turn(now))
}

// reportSettled tells the Hold whether the container is settled, by what the finished step
// asks for.
func (f *life) reportSettled(w Wait) {
	idle := w.Done || !w.Until.IsZero()
	settled := f.loop.Inputs.Holding() && idle && !w.Uncommitted && len(f.opener.openings) == 0 && !f.loop.Tasks.Busy()
	if settled == f.settled {
		return
	}
	f.settled = settled
	f.holder.SetSettled(settled)
}
