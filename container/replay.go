package container

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// replay reads into the databases what they lack of the last commits.
func (r *restorer) replay(ctx context.Context) error {
	var logs []*changelog
	for _, t := range r.tasks {
		if t.last != nil {
			t.seq = t.last.Seq
		}
		for _, l := range t.parts {
			if l.store < 0 {
				continue
			}
			t.changelogs[l.store] = l.cut
			if l.next < l.cut && t.last != nil {
				l.at, l.until = l.next, l.cut
				logs = append(logs, l)
				t.left++
			}
		}
	}
	return r.read(ctx, logs, (*changelog).replay, r.replayed)
}

// replay takes one record in.
func (l *changelog) replay(rec *stream.Record) error {
	if string(rec.Key) == metaKey {
		return nil
	}
	if err := l.task.State.Replay(l.store, rec.Key, rec.Value); err != nil {
		return err
	}
	l.taken.records++
	l.taken.bytes += int64(len(rec.Key) + len(rec.Value))
	return nil
}

// A tally is of records.
type tally struct{ records, bytes int64 }

// replayed is called after each chunk.
func (r *restorer) replayed(l *changelog) error {
	l.next = l.at
	r.o.count(l)
	t := l.task
	if l.next == l.cut {
		t.left--
	}
	if t.left == 0 || t.State.ReplayDue() {
		return r.save(t)
	}
	return nil
}

// save writes what was replayed, with how far it was: an unfinished restore goes
// on there. One that leaves something to be settled is finished by the commit that
// does it.
func (r *restorer) save(t *restoring) error {
	m := *t.last
	m.System = r.o.cfg.System.ID()
	m.Topics = r.changelogIDs(m.Topics)
	m.Restoring, m.Changelogs, m.Cuts = t.left > 0 || t.half(), make(map[string]int64), nil
	m.At = t.asOf
	if m.Restoring {
		m.Cuts = make(map[string]int64)
	}
	for _, l := range t.parts {
		m.Changelogs[l.name()] = l.next
		if m.Restoring {
			m.Cuts[l.name()] = l.cut
		}
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	return t.State.ApplyReplay(b)
}

// read reads each of the changelogs from where it is up to until, all side by
// side: take gets the records, and after is called when a chunk is done.
func (r *restorer) read(ctx context.Context, logs []*changelog, take func(*changelog, *stream.Record) error, after func(*changelog) error) (err error) {
	if len(logs) == 0 {
		return nil
	}
	if r.consumer == nil {
		if r.consumer, err = r.o.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: r.o.cfg.fetchBytes()}); err != nil {
			return err
		}
	}
	reading := make(map[stream.TopicPartition]*changelog)
	for _, l := range logs {
		if err := r.consumer.Assign(l.TopicPartition, l.at); err != nil {
			return err
		}
		reading[l.TopicPartition] = l
	}
	for len(reading) > 0 {
		chunks, err := r.consumer.Poll()
		if err != nil {
			return err
		}
		if len(chunks) == 0 {
			r.o.cfg.Await(ctx, publishEvery, r.consumer.Ready())
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		for i := range chunks {
			l := reading[chunks[i].TopicPartition]
			if err := l.each(&chunks[i], take); err != nil {
				return err
			}
			r.consumer.Release(l.TopicPartition)
			if l.at == l.until {
				r.consumer.Unassign(l.TopicPartition)
				delete(reading, l.TopicPartition)
			}
			if err := after(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// each calls take for the records of a chunk, as far as they are to be read. Where
// a log has holes, a chunk may have none, and lead far.
func (l *changelog) each(c *stream.Chunk, take func(*changelog, *stream.Record) error) error {
	for i := range c.Records {
		rec := &c.Records[i]
		if rec.Offset >= l.until {
			break
		}
		if err := take(l, rec); err != nil {
			return fmt.Errorf("%s, offset %d: %w", l.TopicPartition, rec.Offset, err)
		}
	}
	l.at = min(c.Next, l.until)
	return nil
}
