package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// commitDue tells whether to commit now: the interval is over, or memory asks for
// it, or the bounded run has ended.
func (c *Container) commitDue(now time.Time, done bool) bool {
	if done || c.budget.CommitDue() || c.producer.Buffered() > c.cfg.transactionBytes() {
		return true
	}
	return now.Sub(c.lastCommit) >= c.cfg.CommitInterval && c.anyMoved()
}

func (c *Container) anyMoved() bool {
	for _, t := range c.tasks {
		if t.moved {
			return true
		}
	}
	return false
}

// commit makes everything that has happened since the last one final: outputs,
// state and offsets, or none of it. The steps are those of the package comment;
// their order is the guarantee.
func (c *Container) commit(ctx context.Context) error {
	began := c.cfg.Now()
	c.lastCommit = began
	if !c.anyMoved() {
		c.counts.NothingToCommit(began)
		return nil
	}
	for _, t := range c.tasks {
		if err := c.prepare(t); err != nil {
			return fmt.Errorf("stage %s, task %d: commit: %w", c.cfg.Stage.Name, t.ID, err)
		}
	}
	if err := c.sendMarks(); err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	ends, err := c.producer.Commit(ctx, c.offsets())
	if err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	for _, t := range c.tasks {
		if err := c.apply(t, ends); err != nil {
			return fmt.Errorf("stage %s, task %d: writing state: %w", c.cfg.Stage.Name, t.ID, err)
		}
	}
	now := c.cfg.Now()
	c.counts.Committed(now, now.Sub(began))
	return errors.Join(c.trim(ctx, now), c.flush(now))
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
	return nil
}

// trimEvery is how often repartition topics are trimmed.
const trimEvery = 10 * time.Second

// trim drops what has been processed from the repartition topics: nobody reads it
// again, and they don't age.
func (c *Container) trim(ctx context.Context, now time.Time) error {
	if now.Sub(c.lastTrim) < trimEvery {
		return nil
	}
	c.lastTrim = now
	var before []stream.Position
	for _, p := range c.partitions {
		if p.marks != nil && p.position > 0 {
			before = append(before, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
		}
	}
	if len(before) == 0 {
		return nil
	}
	if err := c.cfg.System.Admin().DeleteRecords(ctx, before...); err != nil {
		return fmt.Errorf("stage %s: trimming repartition topics: %w", c.cfg.Stage.Name, err)
	}
	return nil
}

// offsets are those of all tasks, moved or not: a transaction that a timer alone
// has caused must be fenced too.
func (c *Container) offsets() stream.GroupOffsets {
	g := stream.GroupOffsets{Group: c.cfg.Stage.Group}
	for _, p := range c.partitions {
		g.Positions = append(g.Positions, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
	}
	return g
}

// prepare sends the changelog records of what is dirty in a task, and its meta
// record to each of its changelogs.
func (c *Container) prepare(t *task) (err error) {
	if !t.moved {
		return nil
	}
	defer func() {
		if v := recover(); v != nil { // in the user's own encoding of a value
			err = newPanicError(v)
		}
	}()
	t.seq++
	if t.State != nil {
		if err := t.State.Prepare(t.log); err != nil {
			return err
		}
	}
	m, err := t.meta(&c.cfg).encode()
	if err != nil {
		return err
	}
	r := stream.Record{Key: []byte(metaKey), Value: m, Time: c.now}
	for _, w := range t.logs {
		if err := w.Send(t.ID, &r); err != nil {
			return err
		}
	}
	return nil
}

// log sends one change of a store to its changelog.
func (t *task) log(store int, key, value []byte) error {
	if string(key) == metaKey {
		return fmt.Errorf("store %s: the key %q is reserved", t.stage.Stores[store].Name, key)
	}
	t.record = stream.Record{Key: key, Value: value}
	return t.logs[store].Send(t.ID, &t.record)
}

// apply writes the state that has just been committed to the task's database.
func (c *Container) apply(t *task, ends []stream.Position) error {
	if !t.moved {
		return nil
	}
	t.moved = false
	if t.State == nil {
		return nil
	}
	m := t.meta(&c.cfg)
	m.Changelogs = make(map[string]int64)
	for i, s := range t.stage.Stores {
		for _, end := range ends {
			if end.Topic == s.Changelog && end.Partition == t.ID {
				t.changelogs[i] = end.Offset
			}
		}
		m.Changelogs[s.Name] = t.changelogs[i]
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	return t.State.Apply(b)
}
