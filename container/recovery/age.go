package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// A changelog keeps the deletion of a key for a limited time. A database that lacks the
// tail of its changelog never learns of keys that were deleted longer ago, and would keep
// them for ever. Such a database is discarded, and the changelog is read from its start,
// which doesn't have those keys any more.
//
// The time is that of the container's clock. A reader that starts at the beginning of a
// changelog must get through before its deletions are dropped, like every reader of a
// compacted topic.

// ageMargin is the fraction of that time by which clocks may differ, and that reading the
// tail may take.
const ageMargin = 10

// discardAged empties the databases that have missed too much, and reports whether there
// were any.
func (x *restorer) discardAged(ctx context.Context) (found bool, err error) {
	if !slices.ContainsFunc(x.tasks, func(t *history) bool { return slices.ContainsFunc(t.logs, (*changelog).lags) }) {
		return false, nil
	}
	topics, err := x.r.cfg.System.Admin().Describe(ctx, meta.ChangelogTopics(x.r.cfg.Stage)...)
	if err != nil {
		return false, err
	}
	for _, t := range x.tasks {
		why := t.aged(topics, x.r.cfg.Now())
		if why == "" {
			continue
		}
		if err := x.r.discard(t.Task, why); err != nil {
			return false, fmt.Errorf("task %d: %w", t.ID, err)
		}
		found = true
	}
	return found, nil
}

// lags reports whether the database lacks the changelog's tail.
func (l *changelog) lags() bool { return l.known && l.next < l.cut }

// aged says why the tails of its changelogs can't bring a database up to date; "" if they
// can.
func (t *history) aged(topics map[string]stream.TopicConfig, now time.Time) string {
	if t.local == nil || t.local.At == 0 { // empty, or its age isn't known
		return ""
	}
	at := time.UnixMilli(t.local.At)
	for _, l := range t.logs {
		kept := topics[l.Topic].TombstoneRetention
		// A time in the future, from a clock that was or is wrong, isn't reliable either.
		if kept > 0 && l.lags() && now.Sub(at).Abs() > kept-kept/ageMargin {
			return fmt.Sprintf("it is as of %s, and the changelog %s, which has more since, forgets deletions after %s", at.UTC().Format(time.RFC3339), l.TopicPartition, kept)
		}
	}
	return ""
}
