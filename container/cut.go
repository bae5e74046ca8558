package container

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// A container that commits without transactions may be killed between the
// changelog records of a commit and its meta record. The records stay in the
// changelog, and must not become state: the inputs are read again from where the
// last meta record says, and what they do would be done twice, or to values of
// the future. So a changelog ends, for a restore, with its last commit: that is
// the cut. What lies behind it is undone by writing the committed values behind
// it again.
//
// Three orders make that sound. A meta record is sent when everything before it
// is safe. The records of the next commit are sent when the meta records of this
// one are safe, in all changelogs of the task. And a container that starts writes
// its meta records anew, if one is missing, before anything else.

// A change is a changelog record that may have to be undone.
type change struct {
	offset int64
	key    []byte
}

const (
	// firstLook is how many offsets before the end of a changelog its last meta
	// record is looked for at first: most often it is the very last record.
	firstLook = 1024
	// lookFactor is by how much further it is looked for next.
	lookFactor = 16
)

// findCuts finds the last commit of each task, and its end in each changelog.
func (r *restorer) findCuts(ctx context.Context) error {
	var open []*changelog // whose last meta record isn't found
	for _, t := range r.tasks {
		for _, l := range t.parts {
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
		if err := r.read(ctx, open, (*changelog).see, func(*changelog) error { return nil }); err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(l *changelog) bool { return l.found != nil || l.end-look <= l.next })
	}
	for _, t := range r.tasks {
		err := t.findCut(r.o.cfg.App)
		if err == nil && t.last != nil && !r.o.empties {
			err = t.last.checkSchemas(t.stage)
		}
		if err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// see takes notice of one record.
func (l *changelog) see(rec *stream.Record) error {
	l.seen++
	if string(rec.Key) != metaKey {
		l.behind = append(l.behind, change{rec.Offset, bytes.Clone(rec.Key)})
		return nil
	}
	l.foundAt, l.found = rec.Offset, append(l.found[:0], rec.Value...)
	l.behind = nil
	return nil
}

// findCut decides which commit of the task is the last, and where it ends. What
// lies behind is left in behind.
func (t *restoring) findCut(app string) error {
	t.last = t.local
	for _, l := range t.parts {
		if l.found == nil {
			if !l.known && l.seen > 0 {
				return fmt.Errorf("%s has records, but no meta record, which comes first in a changelog: it isn't this job's, or was damaged; delete the topic, or give the app another name", l.TopicPartition)
			}
			continue
		}
		m, err := parseMeta(l.found)
		if err == nil && (m.App != app || m.Stage != t.stage.Name) {
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
	for _, l := range t.parts {
		l.cut = l.findCut()
		l.behind = slices.DeleteFunc(l.behind, func(c change) bool { return c.offset < l.cut })
	}
	return nil
}

// findCut is where the task's last commit ends in the changelog.
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
	default: // its own meta record is missing, so nothing of a later commit can be there
		return l.end
	}
}

// half tells whether the meta records must be written anew, before anything else:
// one is missing, or may be, or something has to be undone.
func (t *restoring) half() bool {
	for _, l := range t.parts {
		switch {
		case len(l.behind) > 0, l.found == nil && !l.known:
			return true
		case t.last != t.local && (l.found == nil || l.seq < t.last.Seq):
			return true
		}
	}
	return t.local != nil && t.local.Restoring
}

// undo writes behind the cut what the last commit has left of the keys that were
// changed there.
func (t *restoring) undo(now int64) error {
	for _, l := range t.parts {
		if l.store < 0 {
			continue
		}
		slices.SortFunc(l.behind, func(a, b change) int { return bytes.Compare(a.key, b.key) })
		l.behind = slices.CompactFunc(l.behind, func(a, b change) bool { return bytes.Equal(a.key, b.key) })
		for _, c := range l.behind {
			value, found, err := t.db.Get(l.store, c.key)
			if err != nil {
				return err
			}
			r := stream.Record{Key: c.key, Time: now}
			if found {
				r.Value = append([]byte{}, value...) // empty is not nil
			}
			if err := t.logs[l.store].Send(t.ID, &r); err != nil {
				return err
			}
		}
	}
	return nil
}
