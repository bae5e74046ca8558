package container

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// newTask makes a task with its outputs and changelogs. Its state and its inputs are
// still to come.
func (c *Container) newTask(id int32) (*task, error) {
	stage := c.cfg.Stage
	t := c.countedTask(id)
	t.sentMarks = make([]stream.Mark, len(stage.Outputs))
	for i := range t.sentMarks {
		t.sentMarks[i] = stream.Mark{Task: id, Watermark: stream.NoTime}
	}
	for i, out := range stage.Outputs {
		w, err := c.producer.Writer(out.Topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", out.Topic, err)
		}
		t.outputs = append(t.outputs, &Output{writer: w, task: &t.Task, now: &c.now, counts: t.counts.Outputs[i]})
	}
	for _, topic := range ChangelogTopics(c.cfg.Stage) {
		w, err := c.producer.Writer(topic)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", topic, err)
		}
		t.logs = append(t.logs, w)
	}
	return t, nil
}

// countedTask makes a task that has nothing yet but its counters, which are shown from
// now on.
func (c *Container) countedTask(id int32) *task {
	t := &task{Task: Task{ID: id, stage: c.cfg.Stage}, changelogs: make([]int64, len(c.cfg.Stage.Stores))}
	t.wake, t.run, t.clock, t.logger = &wakeup{loop: c.woken}, c.cfg.Go, &c.now, c.cfg.Logger
	t.counts = newCounts(t, c.cfg.Now().UnixMilli())
	c.counts.Tasks = append(c.counts.Tasks, t.counts)
	return t
}

// ChangelogTopics are where the stage's meta records are: the changelogs of its
// stores, or the topic that stands in for them.
func ChangelogTopics(stage *scheduler.Stage) []string {
	if len(stage.Stores) == 0 {
		return []string{stage.MetaTopic}
	}
	var topics []string
	for _, s := range stage.Stores {
		topics = append(topics, s.Changelog)
	}
	return topics
}

const (
	// lockedFor is how long a database is waited for: longer than it takes a container to
	// hear that it has lost its tasks, or to be told by brokers that were away.
	lockedFor  = time.Minute
	lockedLook = 50 * time.Millisecond
)

// awaitState opens the database of a task, as soon as it can. The directory is this
// process's alone; but another container of it may have the task still, and not know yet
// that the group has gone on without it.
func (o *opening) awaitState(ctx context.Context, t *task) error {
	for began := o.cfg.Now(); ; {
		err := o.openState(t)
		if o.cfg.Membership == nil || !errors.Is(err, stream.ErrLocked) || ctx.Err() != nil || o.cfg.Now().Sub(began) > lockedFor {
			return err
		}
		o.cfg.Await(ctx, lockedLook)
	}
}

// openState opens the database of a task that has stores.
func (o *opening) openState(t *task) error {
	if len(t.stage.Stores) == 0 {
		return nil
	}
	var names []string
	for _, s := range t.stage.Stores {
		names = append(names, s.Name)
	}
	db, err := o.cfg.Engine.Open(o.cfg.stateDir(t), names)
	if dir := corrupt(err); dir != "" {
		if err := o.cfg.removeState(dir, err); err != nil {
			return err
		}
		db, err = o.cfg.Engine.Open(dir, names)
	}
	if err != nil {
		return err
	}
	t.db = db
	t.State = kv.NewState(db, names, &o.budget)
	return nil
}

func (c Config) stateDir(t *task) string {
	return filepath.Join(c.Dir, t.stage.Name, strconv.Itoa(int(t.ID)))
}

// discard empties a database that can't be trusted; it is then restored in full.
func (o *opening) discard(t *task, why string) error {
	o.cfg.Logger.Warn("local state is discarded and restored from the changelog", "stage", t.stage.Name, "task", t.ID, "reason", why)
	if err := t.State.Close(); err != nil {
		return err
	}
	t.State = nil
	if err := o.cfg.Engine.Remove(o.cfg.stateDir(t)); err != nil {
		return err
	}
	return o.openState(t)
}

// localMeta is the meta record in the database, if what it says of itself fits, or else
// why it doesn't. Whether the program fits the state is another question: the changelogs
// may have emptied it since.
func (o *opening) localMeta(t *task) (*meta, string, error) {
	b, err := t.State.Meta()
	if err != nil || b == nil {
		return nil, "", err
	}
	m, err := parseMeta(b)
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // that it can't be read is the answer
	}
	if m.System != o.cfg.System.ID() || m.App != o.cfg.App || m.Stage != t.stage.Name || m.Task != t.ID {
		return nil, fmt.Sprintf("it belongs to task %d of %s-%s on another log (%s)", m.Task, m.App, m.Stage, m.System), nil
	}
	return &m, "", nil
}
