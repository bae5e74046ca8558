package container

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// commitDue tells whether to commit now: the interval is over, or memory asks for
// it, or the bounded run has ended.
func (c *Container) commitDue(now time.Time, done bool) bool {
	if !c.member.MayCommit() {
		return false
	}
	if done || c.full() {
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
	// Who is asked to stop in the middle of a commit ends it first: on a log that
	// isn't instant half of it would be done, and come again.
	ctx = context.WithoutCancel(ctx)
	began := c.cfg.Now()
	c.lastCommit = began
	if !c.anyMoved() {
		c.counts.NothingToCommit(began)
		return nil
	}
	if err := c.eachMoved(func(t *task) error { return t.guarded(t.logic.BeforeCommit) }); err != nil {
		return err
	}
	if err := c.send(ctx); err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	ends, err := c.producer.Commit(ctx, c.offsets())
	if err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	if err := c.eachMoved(func(t *task) error { return c.committed(t, ends) }); err != nil {
		return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
	}
	if !c.unsettled {
		c.reopens = 0
	}
	now := c.cfg.Now()
	c.counts.Committed(now, now.Sub(began))
	c.trim(ctx, now)
	return c.flush(now)
}

// send sends what belongs to the commit besides the outputs, the meta records last.
func (c *Container) send(ctx context.Context) error {
	if err := c.eachMoved((*task).sendState); err != nil {
		return err
	}
	if err := c.sendMarks(); err != nil {
		return err
	}
	if c.cfg.AtLeastOnce {
		// Without a transaction each record survives by itself. A meta record must
		// not, unless all that came before the positions in it does too.
		if err := c.producer.Flush(ctx); err != nil {
			return err
		}
	}
	return c.eachMoved(c.sendMeta)
}

// eachMoved calls f for the tasks that take part in the commit.
func (c *Container) eachMoved(f func(*task) error) error {
	for _, t := range c.tasks {
		if !t.moved {
			continue
		}
		if err := f(t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// offsets are those of all tasks, moved or not: a transaction that a timer alone
// has caused must be fenced too.
func (c *Container) offsets() stream.GroupOffsets {
	g := stream.GroupOffsets{Group: c.cfg.Stage.Group}
	if c.member != nil {
		g.Generation, g.Member, g.Instance = c.member.Generation()
	}
	for _, p := range c.partitions {
		g.Positions = append(g.Positions, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
	}
	return g
}

// sendState sends the changelog records of what is dirty.
func (t *task) sendState() (err error) {
	if t.State == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil { // in the user's own encoding of a value
			err = newPanicError(v)
		}
	}()
	return t.State.Prepare(t.log)
}

// sendMeta sends the task's meta record to each of its changelogs.
func (c *Container) sendMeta(t *task) error {
	t.seq++
	m, err := c.metaRecord(t).Encode()
	if err != nil {
		return err
	}
	r := stream.Record{Key: []byte(meta.Key), Value: m, Time: c.now}
	for _, w := range t.logs {
		if err := w.Send(t.ID, &r); err != nil {
			return err
		}
	}
	return nil
}

// log sends one change of a store to its changelog.
func (t *task) log(store int, key, value []byte) error {
	if meta.IsKey(key) {
		return fmt.Errorf("store %s: the key %q is reserved", t.stage.Stores[store].Name, key)
	}
	t.record = stream.Record{Key: key, Value: value}
	return t.logs[store].Send(t.ID, &t.record)
}

// committed writes the state of a task whose commit is final, and tells its
// operators.
func (c *Container) committed(t *task, ends []stream.Position) error {
	if err := c.apply(t, ends); err != nil {
		return fmt.Errorf("writing state: %w", err)
	}
	defer c.keepBack(t)
	return t.guarded(t.logic.AfterCommit)
}

// apply writes the state that has just been committed to the task's database.
func (c *Container) apply(t *task, ends []stream.Position) error {
	t.moved = false
	if t.State == nil {
		return nil
	}
	m := c.metaRecord(t)
	m.At, m.Changelogs = c.now, make(map[string]int64)
	for i, s := range t.stage.Stores {
		for _, end := range ends {
			if end.Topic == s.Changelog && end.Partition == t.ID {
				t.changelogs[i] = end.Offset
			}
		}
		m.Changelogs[s.Name] = t.changelogs[i]
	}
	b, err := m.Encode()
	if err != nil {
		return err
	}
	return t.State.Apply(b)
}
