package container

import (
	"context"
	"fmt"
	"time"
)

// freshEvery is how often a task commits although nothing has happened, so that its
// database doesn't become too old while the task waits; see package recovery.
const freshEvery = time.Hour

// keepFresh makes tasks with state part of the next commit, now and then.
func (c *committer) keepFresh(now time.Time) {
	if now.Sub(c.lastFresh) < freshEvery {
		return
	}
	c.lastFresh = now
	for _, t := range *c.tasks {
		t.Moved = t.Moved || t.State != nil
	}
}

// flushEvery bounds by time how much a crash leaves to be replayed. The databases themselves
// bound it by size.
const flushEvery = time.Minute

// flush makes the databases start to write to the disk what they have in memory.
func (c *committer) flush(now time.Time) error {
	if now.Sub(c.lastFlush) < flushEvery {
		return nil
	}
	c.lastFlush = now
	for _, t := range *c.tasks {
		if t.State == nil {
			continue
		}
		if err := t.State.Flush(); err != nil {
			return fmt.Errorf("stage %s, task %d: writing state: %w", c.cfg.Stage.Name, t.ID, err)
		}
	}
	return c.cfg.savePositions(*c.tasks)
}

const (
	// trimEvery is how often repartition topics are trimmed.
	trimEvery = 10 * time.Second
	// trimTimeout is how long the loop waits for that.
	trimTimeout = 5 * time.Second
)

// trim deletes the processed records of the repartition topics: nobody reads them again, and
// they aren't deleted by age. It comes after a commit, so that no meta record with an
// earlier position survives. If it fails, topics grow and results are right: it is tried
// again, and logged once.
func (c *committer) trim(ctx context.Context, now time.Time) {
	if now.Sub(c.lastTrim) < trimEvery {
		return
	}
	c.lastTrim = now
	before := c.loop.Inputs.Processed()
	if len(before) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trimTimeout)
	defer cancel()
	err := c.cfg.System.Admin().DeleteRecords(ctx, before...)
	if err == nil {
		c.untrimmed = ""
		return
	}
	if c.untrimmed != err.Error() {
		c.untrimmed = err.Error()
		c.cfg.Logger.Warn("repartition topics can't be trimmed: they grow until they can", "stage", c.cfg.Stage.Name, "error", err)
	}
}
