package container

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A changelog keeps the deletion of a key for a while only. A database that lacks
// its tail gets no notice of keys that were deleted there longer ago, and would have
// them for ever: then it is worth nothing, and the changelog is read from its
// beginning, where those keys aren't any more.
//
// The time is that of the container's own clock. Who reads a changelog from its
// beginning must get through within the time that deletions are kept, as everybody
// must who reads such a topic.

// ageMargin is the part of that time by which clocks may differ, and that the tail
// may take to be read.
const ageMargin = 10

// freshEvery is how often a task commits though nothing has happened: so its
// database doesn't age while the task waits.
const freshEvery = time.Hour

// keepFresh has tasks with state take part in the next commit, now and then.
func (c *Container) keepFresh(now time.Time) {
	if now.Sub(c.lastFresh) < freshEvery {
		return
	}
	c.lastFresh = now
	for _, t := range c.tasks {
		t.moved = t.moved || t.State != nil
	}
}

// discardAged empties the databases that have missed too much, and tells whether
// there were any.
func (r *restorer) discardAged(ctx context.Context) (found bool, err error) {
	if !slices.ContainsFunc(r.tasks, func(t *restoring) bool { return slices.ContainsFunc(t.parts, (*changelog).lags) }) {
		return false, nil
	}
	topics, err := r.o.cfg.System.Admin().Describe(ctx, ChangelogTopics(r.o.cfg.Stage)...)
	if err != nil {
		return false, err
	}
	for _, t := range r.tasks {
		why := t.aged(topics, r.o.cfg.Now())
		if why == "" {
			continue
		}
		if err := r.o.discard(t.task, why); err != nil {
			return false, fmt.Errorf("task %d: %w", t.ID, err)
		}
		found = true
	}
	return found, nil
}

// lags tells whether the database lacks the changelog's tail.
func (l *changelog) lags() bool { return l.known && l.next < l.cut }

// aged says why a database can't be brought up to date by what its changelogs have
// behind it; "" if it can.
func (t *restoring) aged(topics map[string]stream.TopicConfig, now time.Time) string {
	if t.local == nil || t.local.At == 0 { // there is none, or it doesn't say
		return ""
	}
	at := time.UnixMilli(t.local.At)
	for _, l := range t.parts {
		kept := topics[l.Topic].TombstoneRetention
		// That of a clock that was wrong then, or is now, isn't to be relied on either.
		if kept > 0 && l.lags() && now.Sub(at).Abs() > kept-kept/ageMargin {
			return fmt.Sprintf("it is as of %s, and the changelog %s, which has gone on since, forgets deletions after %s", at.UTC().Format(time.RFC3339), l.TopicPartition, kept)
		}
	}
	return ""
}
