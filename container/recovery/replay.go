package recovery

import (
	"context"
	"maps"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// replay reads into the databases what they lack of the last commits.
func (x *restorer) replay(ctx context.Context) error {
	var logs []*changelog
	for _, t := range x.tasks {
		for _, l := range t.logs {
			if l.store < 0 {
				continue
			}
			t.Changelogs[l.store] = l.cut
			if l.next < l.cut && t.last != nil {
				l.at, l.until = l.next, l.cut
				logs = append(logs, l)
				t.left++
			}
		}
	}
	return x.read(ctx, logs, (*changelog).replay, x.replayed)
}

// replay takes in one record.
func (l *changelog) replay(rec *stream.Record) error {
	if meta.IsKey(rec.Key) {
		return nil
	}
	if err := l.task.State.Replay(l.store, l.task.last.StoreKey(rec.Key), rec.Value); err != nil {
		return err
	}
	l.records++
	l.bytes += int64(len(rec.Key) + len(rec.Value))
	return nil
}

// replayed is called after each chunk.
func (x *restorer) replayed(l *changelog) error {
	l.next = l.at
	if report := x.r.cfg.OnProgress; report != nil {
		report(Progress{Task: l.task.ID, Store: l.store, Records: l.records, Bytes: l.bytes, Left: l.cut - l.next})
	}
	l.records, l.bytes = 0, 0
	t := l.task
	if l.next == l.cut {
		t.left--
	}
	if t.left == 0 || t.State.ReplayDue() {
		return x.save(t)
	}
	return nil
}

// save writes the replayed records together with how far they reach: an unfinished restore
// continues there. If the task is half done, the restore is finished by the commit that
// settles it.
func (x *restorer) save(t *history) error {
	m := *t.last
	m.System = x.r.cfg.System.ID()
	m.Topics = x.changelogIDs(m.Topics)
	m.Restoring, m.Changelogs, m.Cuts = t.left > 0 || t.halfDone(), make(map[string]int64), nil
	m.At = t.asOf
	if m.Restoring {
		m.Cuts = make(map[string]int64)
	}
	for _, l := range t.logs {
		m.Changelogs[l.name()] = l.next
		if m.Restoring {
			m.Cuts[l.name()] = l.cut
		}
	}
	b, err := m.Encode()
	if err != nil {
		return err
	}
	return t.State.ApplyReplay(b)
}

// changelogIDs returns the topic ids of a meta record with the present ids of the
// changelogs. The ids of inputs stay: whether an input was created again is still to be
// seen.
func (x *restorer) changelogIDs(of map[string]string) map[string]string {
	ids := make(map[string]string)
	maps.Copy(ids, of)
	for _, topic := range meta.ChangelogTopics(x.r.cfg.Stage) {
		if id := x.r.TopicIDs[topic]; id != "" {
			ids[topic] = id
		}
	}
	return ids
}
