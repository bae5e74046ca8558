package container

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// freshEvery is how often a task commits although nothing has happened, so that its
// database doesn't become too old while the task waits; see package recovery.
const freshEvery = time.Hour

// keepFresh makes tasks with state part of the next commit, now and then.
func (c *Container) keepFresh(now time.Time) {
	if now.Sub(c.lastFresh) < freshEvery {
		return
	}
	c.lastFresh = now
	for _, t := range c.tasks {
		t.moved = t.moved || t.State != nil
	}
}

// flushEvery bounds by time how much a crash leaves to be replayed; by size it is
// bounded by the databases themselves.
const flushEvery = time.Minute

// flush starts to make durable what the databases hold.
func (c *Container) flush(now time.Time) error {
	if now.Sub(c.lastFlush) < flushEvery {
		return nil
	}
	c.lastFlush = now
	for _, t := range c.tasks {
		if t.State == nil {
			continue
		}
		if err := t.State.Flush(); err != nil {
			return fmt.Errorf("stage %s, task %d: writing state: %w", c.cfg.Stage.Name, t.ID, err)
		}
	}
	return c.savePositions(c.tasks)
}

const (
	// trimEvery is how often repartition topics are trimmed.
	trimEvery = 10 * time.Second
	// trimPatience is how long the loop waits for that.
	trimPatience = 5 * time.Second
)

// trim drops what has been processed from the repartition topics: nobody reads it
// again, and they don't age. It comes after a commit, so that the meta records that
// survive are of no earlier positions. If it can't be done, topics grow and
// results are right: it is tried again, and said once.
func (c *Container) trim(ctx context.Context, now time.Time) {
	if now.Sub(c.lastTrim) < trimEvery {
		return
	}
	c.lastTrim = now
	var before []stream.Position
	for _, p := range c.partitions {
		if p.marks != nil && p.position > 0 {
			before = append(before, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
		}
	}
	if len(before) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trimPatience)
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
