package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A committer makes final what the loop has done: outputs, state and offsets together.
type committer struct {
	cfg      *Config
	member   *membership.Member
	producer stream.Producer
	loop     *loop.Loop
	tasks    *taskList  // that run
	budget   *kv.Budget // of the cached state
	counts   *metrics.Loop

	owner  string                          // identifies this life of the container in meta records
	topics topicIDs                        // of this life
	logged map[stream.TopicPartition]int64 // where the topics that were written to end
	clean  bool                            // the container stops, and everything is committed

	lastCommit, lastFlush, lastFresh, lastTrim, lastIdentified time.Time
	untrimmed                                                  string // why the last trim failed
}

// due reports whether to commit now: the interval is over, memory is short, or the bounded
// run has ended.
func (c *committer) due(now time.Time, done bool) bool {
	if !c.member.MayCommit() {
		return false
	}
	if done || c.full() {
		return true
	}
	return now.Sub(c.lastCommit) >= c.cfg.CommitInterval && c.tasks.moved()
}

// full reports that a commit must come before much else.
func (c *committer) full() bool {
	return c.budget.CommitDue() || c.producer.Buffered() > c.cfg.memory().Transaction()
}

// commit makes everything that has happened since the last commit final: outputs, state and
// offsets, or none of it. It reports whether there was something to commit and that is
// final, even if what comes afterwards fails.
func (c *committer) commit(ctx context.Context) (final bool, err error) {
	// A commit isn't cancelled in the middle: on a log that isn't instant, half of it would
	// be done, and done again.
	ctx = context.WithoutCancel(ctx)
	began := c.cfg.Now()
	c.lastCommit = began
	if !c.tasks.moved() {
		c.counts.NothingToCommit(began)
		return false, nil
	}
	if err := c.identifyTopics(ctx, began); err != nil {
		return false, err
	}
	tasks := c.tasks.movedIDs()
	if err := c.transact(ctx); err != nil {
		return false, err
	}
	now := c.cfg.Now()
	c.counts.Committed(now, now.Sub(began))
	c.cfg.Observer.Committed(Commit{Origin: c.cfg.origin(), Tasks: tasks, At: now, Took: now.Sub(began)})
	c.trim(ctx, now)
	return true, c.flush(now)
}

// transact takes the steps of the package comment. Their order is the guarantee.
func (c *committer) transact(ctx context.Context) error {
	if err := c.eachMoved(func(t *task) error { return t.BeforeCommit() }); err != nil {
		return err
	}
	if err := c.send(ctx); err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	ends, err := c.producer.Commit(ctx, c.offsets())
	if err != nil {
		return fmt.Errorf("stage %s: commit: %w", c.cfg.Stage.Name, err)
	}
	for _, end := range ends {
		c.logged[end.TopicPartition] = end.Offset
	}
	c.loop.Committed()
	if err := c.eachMoved(func(t *task) error { return c.committed(t, ends) }); err != nil {
		return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
	}
	return nil
}

// last is a commit that nothing comes after.
func (c *committer) last(ctx context.Context) error {
	_, err := c.commit(ctx)
	if err == nil && c.cfg.AtLeastOnce {
		err = c.markClean(ctx)
	}
	return errors.Join(err, c.cfg.savePositions(*c.tasks))
}

// markClean says in the meta records that the group's offsets are committed up to them. It
// is a commit of its own: without a transaction, the previous commit had written its meta
// records before the offsets.
func (c *committer) markClean(ctx context.Context) error {
	c.clean = true
	c.tasks.moveAll()
	_, err := c.commit(ctx)
	return err
}

// send sends the rest of the commit, besides the outputs: the meta records last.
func (c *committer) send(ctx context.Context) error {
	if err := c.eachMoved((*task).sendState); err != nil {
		return err
	}
	if err := c.sendMarks(); err != nil {
		return err
	}
	if c.cfg.AtLeastOnce {
		// Without a transaction each record survives by itself. A meta record must not,
		// unless everything before the positions in it does, too.
		if err := c.producer.Flush(ctx); err != nil {
			return err
		}
	}
	return c.eachMoved(c.sendMeta)
}

// eachMoved calls f for the tasks that are part of the commit.
func (c *committer) eachMoved(f func(*task) error) error {
	for _, t := range *c.tasks {
		if !t.Moved {
			continue
		}
		if err := f(t); err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
	}
	return nil
}

// proxies are positions of containers that have no other ones: their tasks read generators
// alone. A group has offsets of topics, and a transaction without any isn't fenced. So these
// tasks commit how far they have written their first changelog.
func (c *committer) proxies() (all []stream.Position) {
	for _, t := range *c.tasks {
		tp := stream.TopicPartition{Topic: meta.ChangelogTopics(c.cfg.Stage)[0], Partition: t.ID}
		all = append(all, stream.Position{TopicPartition: tp, Offset: c.logged[tp]})
	}
	return all
}

// offsets are those of all tasks, moved or not: a transaction that only a timer has caused
// must be fenced, too.
func (c *committer) offsets() stream.GroupOffsets {
	g := stream.GroupOffsets{Group: c.cfg.Stage.Group, Positions: c.loop.Inputs.Positions()}
	if len(g.Positions) == 0 {
		g.Positions = c.proxies()
	}
	if c.member != nil {
		g.Generation, g.Member, g.Instance = c.member.Generation()
	}
	return g
}
