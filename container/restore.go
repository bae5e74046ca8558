package container

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// restoreAttempts is how often a restore is begun in all, where changelogs lose
// records while they are read.
const restoreAttempts = 5

// restore opens the tasks with their state as of the last commit, and finds the meta
// record of each, nil for one that never committed. Whatever the databases hold
// already isn't read again: only the tail of each changelog that they lack.
func (o *opening) restore(ctx context.Context) error {
	for _, t := range o.tasks {
		if err := o.awaitState(ctx, t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	for attempt := 1; ; attempt++ {
		r := restorer{o: o}
		err := errors.Join(r.run(ctx), r.close())
		if lost := (*stream.OffsetOutOfRangeError)(nil); errors.As(err, &lost) && attempt < restoreAttempts {
			err = r.startOver(lost)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("restoring state: %w", err)
		}
		r.settle()
		return nil
	}
}

// A restorer brings the databases of an opening's tasks to their last commits, and
// reads all their changelogs side by side.
type restorer struct {
	o        *opening
	consumer stream.Consumer // nil if nothing was to be read
	tasks    []*restoring
}

// restoring is a task on its way to its last commit.
type restoring struct {
	*task
	local *meta // of the database; nil if it is empty
	last  *meta // of the last commit; nil if there was none
	parts []*changelog
	left  int   // how many of parts are still to be replayed
	asOf  int64 // what is in the database had no later change then; see [meta.At]
}

// A changelog is one partition of a changelog, or of the topic that stands in for
// one.
type changelog struct {
	stream.TopicPartition
	task  *restoring
	store int // -1: there is none

	end    int64 // of what is looked at
	logEnd int64 // of what the log has
	known  bool  // the database says how far it has it
	next   int64 // what comes before is in the database
	cut    int64 // where the last commit ends; what comes behind is of none

	at, until int64    // what is being read
	seen      int64    // records
	taken     tally    // records that were replayed, and aren't counted yet
	found     []byte   // the last meta record behind next; nil: there is none
	foundAt   int64    // its offset
	seq       int64    // its commit
	behind    []change // what comes after it, or after next
}

// run does it, step by step.
func (r *restorer) run(ctx context.Context) error {
	admin := r.o.cfg.System.Admin()
	for ends := admin.Ends; ; ends = admin.LogEnds {
		if err := r.find(ctx, ends); err != nil {
			return err
		}
		emptied, err := r.check(ctx)
		if err != nil {
			return err
		}
		if !emptied {
			return r.replay(ctx)
		}
	}
}

// find finds the tasks' last commits. What is committed is read first, to see who else
// may write; when nobody may any more, what has come until then, committed or not.
func (r *restorer) find(ctx context.Context, ends ask) error {
	for {
		if err := r.look(ctx, ends); err != nil {
			return err
		}
		behind, err := r.beingReset(ctx)
		if err == nil && !behind {
			behind, err = r.fence(ctx)
		}
		if err == nil && !behind {
			behind, err = r.behind(ctx)
		}
		if err != nil || !behind {
			return err
		}
		ends = r.o.cfg.System.Admin().LogEnds
	}
}

// check refuses what can't be the tasks' last commits. It tells whether it has
// emptied databases, so that one has to look again.
func (r *restorer) check(ctx context.Context) (emptied bool, err error) {
	for _, t := range r.tasks {
		err := t.checkWhole()
		if err == nil {
			err = r.checkCommitted(t)
		}
		if err != nil {
			return false, fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return r.discardAged(ctx)
}

// look finds out where the last commits are, up to the ends that are given.
func (r *restorer) look(ctx context.Context, ends ask) error {
	if err := r.begin(ctx, ends); err != nil {
		return err
	}
	return r.findCuts(ctx)
}

// ask is a question for the offsets of partitions.
type ask = func(context.Context, ...stream.TopicPartition) ([]int64, error)

// behind tells whether something has come to the changelogs that wasn't looked at:
// of a transaction whose end hasn't come to them yet.
func (r *restorer) behind(ctx context.Context) (bool, error) {
	var tps []stream.TopicPartition
	var looked []int64
	for _, t := range r.tasks {
		for _, l := range t.parts {
			tps, looked = append(tps, l.TopicPartition), append(looked, l.end)
		}
	}
	ends, err := r.o.cfg.System.Admin().LogEnds(ctx, tps...)
	return !slices.Equal(ends, looked), err
}

func (r *restorer) close() error {
	if r.consumer == nil {
		return nil
	}
	return r.consumer.Close()
}

// begin asks where the changelogs begin and end, and what of them the databases
// hold.
func (r *restorer) begin(ctx context.Context, endsOf ask) error {
	r.tasks = nil
	now := r.o.cfg.Now().UnixMilli() // before the ends are asked for
	var all []*changelog
	var tps []stream.TopicPartition
	for _, t := range r.o.tasks {
		rt := &restoring{task: t, asOf: now}
		r.tasks = append(r.tasks, rt)
		for i, topic := range ChangelogTopics(r.o.cfg.Stage) {
			l := &changelog{TopicPartition: stream.TopicPartition{Topic: topic, Partition: t.ID}, task: rt, store: i}
			if t.State == nil {
				l.store = -1
			}
			rt.parts = append(rt.parts, l)
			all, tps = append(all, l), append(tps, l.TopicPartition)
		}
	}
	starts, err := r.o.cfg.System.Admin().Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := endsOf(ctx, tps...)
	if err != nil {
		return err
	}
	// What a database holds may be committed and not to be read yet.
	logEnds, err := r.o.cfg.System.Admin().LogEnds(ctx, tps...)
	if err != nil {
		return err
	}
	for i, l := range all {
		l.next, l.end, l.cut, l.logEnd = starts[i], ends[i], ends[i], logEnds[i]
	}
	for _, t := range r.tasks {
		if err := r.beginTask(t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// beginTask looks at the task's database, and empties it if it can't be trusted.
func (r *restorer) beginTask(t *restoring) error {
	if t.State == nil {
		return nil
	}
	m, trouble, err := r.o.localMeta(t.task)
	if err != nil {
		return err
	}
	if m != nil {
		if err := t.checkEmptied(m); err != nil {
			return err
		}
		if err := r.checkHistory(t, m); err != nil {
			return err
		}
		trouble = t.misfit(m)
	}
	if trouble != "" {
		return r.o.discard(t.task, trouble)
	}
	if m == nil {
		return nil
	}
	t.local, t.asOf = m, m.At
	for _, l := range t.parts {
		if at, ok := m.Changelogs[l.name()]; ok {
			l.next, l.known = at, true
		}
	}
	return nil
}

// misfit says why a database can't be of these changelogs: it holds more than
// they do.
func (t *restoring) misfit(m *meta) string {
	for _, l := range t.parts {
		if at := m.Changelogs[l.name()]; at > l.logEnd {
			return fmt.Sprintf("it is ahead of the changelog %s: %d of %d", l.TopicPartition, at, l.logEnd)
		}
	}
	return ""
}

// checkEmptied refuses to take a changelog that was made anew for the truth: the
// database may have the last copy of what was in it.
func (t *restoring) checkEmptied(m *meta) error {
	for _, l := range t.parts {
		if l.logEnd == 0 && m.Changelogs[l.name()] > 0 {
			return l.emptied()
		}
	}
	return nil
}

// checkWhole refuses to go on without a changelog that took part in the last commit.
// A transaction has brought the meta record to all of them; at least once, it may
// not have come to that.
func (t *restoring) checkWhole() error {
	if t.last == nil || t.last.AtLeastOnce {
		return nil
	}
	for _, l := range t.parts {
		if l.store < 0 || l.known || l.found != nil {
			continue
		}
		if _, ok := t.last.Schemas[l.name()]; ok {
			return l.emptied()
		}
	}
	return nil
}

// emptied is what to do about a changelog that has lost all that was committed to it.
func (l *changelog) emptied() error {
	return fmt.Errorf("changelog %s has nothing of what was committed to it: was the topic deleted, and made anew? The state was not touched; %s", l.TopicPartition, l.remedy())
}

// remedy is what can be done without the changelog.
func (l *changelog) remedy() string {
	if len(l.task.parts) > 1 {
		return "give the operator a new name, to go on without its state, or start over under another app name"
	}
	return "start over under another app name"
}

// name is that of the changelog's store.
func (l *changelog) name() string { return l.task.stage.Stores[l.store].Name }

// startOver makes ready for another attempt after a changelog has lost records
// that its database lacks, to compaction or to somebody who deleted them: deletions
// of keys may be among them, so the database is worth nothing any more.
func (r *restorer) startOver(lost *stream.OffsetOutOfRangeError) error {
	for _, t := range r.tasks {
		if t.State == nil || !slices.ContainsFunc(t.parts, func(l *changelog) bool { return l.TopicPartition == lost.TopicPartition }) {
			continue
		}
		if err := r.o.discard(t.task, "while it was restored: "+lost.Error()); err != nil {
			return err
		}
	}
	return nil
}

// settle leaves the meta records to the opening, and what must be committed before
// anything new.
func (r *restorer) settle() {
	r.o.restored = r.tasks
	for _, t := range r.tasks {
		r.o.metas = append(r.o.metas, t.last)
		if t.half() {
			t.moved, r.o.unsettled = true, true
		}
	}
}
