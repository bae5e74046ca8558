package recovery

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// A container that commits without transactions may be killed between the changelog records
// of a commit and its meta record. These records stay in the changelog and must not become
// state: the inputs are read again from where the last meta record says, and their effects
// would be applied twice, or to values of the future. So, for a restore, a changelog ends
// with its last commit: that is the cut. Records behind the cut are undone by writing the
// committed values again behind them.
//
// Three orders make that sound. A meta record is sent when everything before it is safe.
// The records of the next commit are sent when the meta records of this one are safe, in
// all changelogs of the task. And a container that starts writes its meta records again
// before anything else, if one is missing.

// A change is a changelog record that may have to be undone.
type change struct {
	offset int64
	key    []byte
}

const (
	// firstLook is how many offsets before the end of a changelog the search for its last
	// meta record starts. Most often that is the very last record.
	firstLook = 1024
	// lookFactor is by how much each further attempt goes back.
	lookFactor = 16
)

// findCuts finds the last commit of each task, and its end in each changelog.
func (x *restorer) findCuts(ctx context.Context) error {
	var open []*changelog // whose last meta record isn't found
	for _, t := range x.tasks {
		for _, l := range t.logs {
			if l.next < l.end {
				open = append(open, l)
			}
		}
	}
	for look := int64(firstLook); len(open) > 0; look *= lookFactor {
		for _, l := range open {
			l.at, l.until = max(l.next, l.end-look), l.end
			l.seen, l.behind = 0, nil
		}
		if err := x.read(ctx, open, (*changelog).see, func(*changelog) error { return nil }); err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(l *changelog) bool { return l.found != nil || l.end-look <= l.next })
	}
	for _, t := range x.tasks {
		err := t.findCut(x.r.cfg.App, x.r.cfg.Stage.Name, x.r.clears)
		if err == nil && t.last != nil && !x.r.clears {
			err = t.last.CheckSchemas(x.r.cfg.Stage)
		}
		if err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// see notes one record.
func (l *changelog) see(rec *stream.Record) error {
	l.seen++
	if !meta.IsKey(rec.Key) {
		l.behind = append(l.behind, change{rec.Offset, bytes.Clone(rec.Key)})
		return nil
	}
	l.foundAt, l.found = rec.Offset, append(l.found[:0], rec.Value...)
	l.behind = nil
	return nil
}

// findCut decides which commit of the task is the last, and where it ends. The records
// behind it stay in behind. A reset that clears the stores may take over the changelog of
// another stage of the app.
func (t *history) findCut(app, stage string, clears bool) error {
	t.last = t.local
	for _, l := range t.logs {
		if l.found == nil {
			if !l.known && l.seen > 0 {
				return fmt.Errorf("%s has records, but no meta record, which comes first in a changelog: it isn't this job's, or was damaged; delete the topic, or give the app another name", l.TopicPartition)
			}
			continue
		}
		m, err := meta.Parse(l.found)
		if err == nil && clears && m.App == app && m.Stage != stage {
			l.found, l.behind = nil, nil
			continue
		}
		if err == nil && (m.App != app || m.Stage != stage) {
			err = fmt.Errorf("the changelog belongs to stage %s of app %s: give the app or the operator another name", m.Stage, m.App)
		}
		if err != nil {
			return fmt.Errorf("%s, offset %d: %w", l.TopicPartition, l.foundAt, err)
		}
		l.seq = m.Seq
		if t.last == nil || m.Seq > t.last.Seq {
			t.last = &m
		}
	}
	for _, l := range t.logs {
		l.cut = l.findCut()
		l.behind = slices.DeleteFunc(l.behind, func(c change) bool { return c.offset < l.cut })
	}
	return nil
}

// findCut returns where the task's last commit ends in the changelog.
func (l *changelog) findCut() int64 {
	t := l.task
	inDatabase := t.last == t.local
	switch {
	case t.last == nil: // there are holes at most
		l.next = l.end
		return l.end
	case inDatabase && l.known && t.local.Restoring:
		return t.local.Cuts[l.name()]
	case inDatabase && l.known:
		return l.next
	case l.found != nil && l.seq == t.last.Seq:
		return l.foundAt + 1
	default: // its own meta record is missing, so it has no records of a later commit
		return l.end
	}
}

// halfDone reports whether the meta records must be written again before anything else: one
// is missing, or may be, or something must be undone.
func (t *history) halfDone() bool {
	for _, l := range t.logs {
		switch {
		case len(l.behind) > 0, l.found == nil && !l.known:
			return true
		case t.last != t.local && (l.found == nil || l.seq < t.last.Seq):
			return true
		}
	}
	return t.local != nil && t.local.Restoring
}

// Undo writes to the changelogs, by send, the committed values of the keys that were
// changed behind the last commit.
func (t *Task) Undo(now int64, send func(store int, r *stream.Record) error) error {
	for _, l := range t.history.logs {
		if l.store < 0 {
			continue
		}
		slices.SortFunc(l.behind, func(a, b change) int { return bytes.Compare(a.key, b.key) })
		l.behind = slices.CompactFunc(l.behind, func(a, b change) bool { return bytes.Equal(a.key, b.key) })
		for _, c := range l.behind {
			value, found, err := t.DB.Get(l.store, t.history.last.StoreKey(c.key))
			if err != nil {
				return err
			}
			r := stream.Record{Key: c.key, Time: now}
			if found {
				r.Value = append([]byte{}, value...) // an empty value isn't nil
			}
			if err := send(l.store, &r); err != nil {
				return err
			}
		}
	}
	return nil
}
