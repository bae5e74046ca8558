package recovery

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// A history is what the database and the changelogs of a task say about its last commit.
type history struct {
	*Task
	stores []string
	local  *meta.Record // of the database; nil if it is empty
	last   *meta.Record // of the last commit; nil if there was none
	logs   []*changelog
	left   int   // how many of the changelogs are still to be replayed
	asOf   int64 // the database had all changes until then; see [meta.Record.At]
}

// A changelog is a partition of one changelog, or of the topic that stands in for one.
type changelog struct {
	stream.TopicPartition
	task  *history
	store int // -1: none

	end    int64 // of the part that is read
	logEnd int64 // of the log
	known  bool  // the database says how far it holds the changelog
	next   int64 // the database holds everything before
	cut    int64 // end of the last commit; later records belong to none

	at, until      int64    // what is being read
	seen           int64    // records
	records, bytes int64    // that were replayed since the last progress
	found          []byte   // the last meta record behind next; nil: none
	foundAt        int64    // its offset
	seq            int64    // its commit
	behind         []change // what comes after it, or after next
}

// begin asks where the changelogs start and end, and what of them the databases hold.
func (x *restorer) begin(ctx context.Context, endsOf endsFunc) error {
	now := x.r.cfg.Now().UnixMilli() // before asking for the ends
	all, tps := x.makeHistories(now)
	admin := x.r.cfg.System.Admin()
	starts, err := admin.Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := endsOf(ctx, tps...)
	if err != nil {
		return err
	}
	// A database may hold records that are committed and can't be read yet.
	logEnds, err := admin.LogEnds(ctx, tps...)
	if err != nil {
		return err
	}
	for i, l := range all {
		l.next, l.end, l.cut, l.logEnd = starts[i], ends[i], ends[i], logEnds[i]
	}
	for _, t := range x.tasks {
		if err := x.beginTask(t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// makeHistories makes empty histories of the tasks.
func (x *restorer) makeHistories(now int64) (all []*changelog, tps []stream.TopicPartition) {
	x.tasks = nil
	var stores []string
	for _, s := range x.r.cfg.Stage.Stores {
		stores = append(stores, s.StateName())
	}
	for _, t := range x.r.Tasks {
		h := &history{Task: t, stores: stores, asOf: now}
		x.tasks = append(x.tasks, h)
		for i, topic := range meta.ChangelogTopics(x.r.cfg.Stage) {
			l := &changelog{TopicPartition: stream.TopicPartition{Topic: topic, Partition: t.ID}, task: h, store: i}
			if t.State == nil {
				l.store = -1
			}
			h.logs = append(h.logs, l)
			all, tps = append(all, l), append(tps, l.TopicPartition)
		}
	}
	return all, tps
}

// beginTask looks at the task's database, and empties it if it can't be trusted.
func (x *restorer) beginTask(t *history) error {
	if t.State == nil {
		return nil
	}
	m, misfit, err := x.r.databaseRecord(t.Task)
	if err != nil {
		return err
	}
	if m != nil && t.foreign(m) {
		m, misfit = nil, "it holds other stores than the stage has now"
	}
	if m != nil {
		if err := t.checkEmptied(m); err != nil {
			return err
		}
		if err := x.checkHistory(t, m); err != nil {
			return err
		}
		misfit = t.misfit(m)
	}
	if misfit != "" {
		return x.r.discard(t.Task, misfit)
	}
	if m == nil {
		return nil
	}
	t.local, t.asOf = m, m.At
	for _, l := range t.logs {
		if at, ok := m.Changelogs[l.name()]; ok {
			l.next, l.known = at, true
		}
	}
	return nil
}

// foreign reports whether a database holds none of the task's stores: its commits aren't those
// of the changelogs. A reset may have given all stores other changelogs.
func (t *history) foreign(m *meta.Record) bool {
	for _, l := range t.logs {
		if _, ok := m.Changelogs[l.name()]; ok {
			return false
		}
	}
	return len(m.Changelogs) > 0
}

// misfit says why a database doesn't belong to these changelogs: it holds more than they
// have.
func (t *history) misfit(m *meta.Record) string {
	for _, l := range t.logs {
		if at := m.Changelogs[l.name()]; at > l.logEnd {
			return fmt.Sprintf("it is ahead of the changelog %s: %d of %d", l.TopicPartition, at, l.logEnd)
		}
	}
	return ""
}

// checkEmptied refuses a changelog that is empty while the database isn't: the database may
// be the last copy of what was in it.
func (t *history) checkEmptied(m *meta.Record) error {
	for _, l := range t.logs {
		if l.logEnd == 0 && m.Changelogs[l.name()] > 0 {
			return l.emptied()
		}
	}
	return nil
}

// checkWhole refuses to go on without a changelog that was part of the last commit. A
// transaction writes the meta record to all of them. At least once, a crash may have
// prevented that.
func (t *history) checkWhole() error {
	if t.last == nil || t.last.AtLeastOnce {
		return nil
	}
	for _, l := range t.logs {
		if l.store < 0 || l.known || l.found != nil {
			continue
		}
		if _, ok := t.last.Schemas[l.name()]; ok {
			return l.emptied()
		}
	}
	return nil
}

// emptied is the error for a changelog that has lost everything that was committed to it.
func (l *changelog) emptied() error {
	return fmt.Errorf("changelog %s has nothing of what was committed to it: was the topic deleted and created again? The state was not touched; %s", l.TopicPartition, l.remedy())
}

// remedy says what can be done without the changelog.
func (l *changelog) remedy() string {
	if len(l.task.logs) > 1 {
		return "give the operator a new name, to go on without its state, or start over under another app name"
	}
	return "start over under another app name"
}

// name is the name of the state in the changelog.
func (l *changelog) name() string { return l.task.stores[l.store] }
