package container

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// openTask makes a task with its outputs and changelogs, and opens its database.
func (c *Container) openTask(id int32) (*task, error) {
	stage := c.cfg.Stage
	t := &task{Task: Task{ID: id, stage: stage}, changelogs: make([]int64, len(stage.Stores)), sentMarks: make([]stream.Mark, len(stage.Outputs))}
	for i := range t.sentMarks {
		t.sentMarks[i] = stream.Mark{Task: id, Watermark: stream.NoTime}
	}
	t.counts = newCounts(t, c.cfg.Now().UnixMilli())
	c.counts.Tasks = append(c.counts.Tasks, t.counts)
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
	if len(stage.Stores) == 0 {
		return t, nil
	}
	return t, c.openState(t)
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

func (c *Container) openState(t *task) error {
	var names []string
	for _, s := range t.stage.Stores {
		names = append(names, s.Name)
	}
	db, err := c.cfg.Engine.Open(c.stateDir(t), names)
	if dir := corrupt(err); dir != "" {
		if err := c.removeState(dir, err); err != nil {
			return err
		}
		db, err = c.cfg.Engine.Open(dir, names)
	}
	if err != nil {
		return err
	}
	t.db = db
	t.State = kv.NewState(db, names, &c.budget)
	return nil
}

func (c *Container) stateDir(t *task) string {
	return filepath.Join(c.cfg.Dir, t.stage.Name, strconv.Itoa(int(t.ID)))
}

// discard empties a database that can't be trusted; it is then restored in full.
func (c *Container) discard(t *task, why string) error {
	c.cfg.Logger.Warn("local state is discarded and restored from the changelog", "stage", t.stage.Name, "task", t.ID, "reason", why)
	if err := t.State.Close(); err != nil {
		return err
	}
	t.State = nil
	if err := c.cfg.Engine.Remove(c.stateDir(t)); err != nil {
		return err
	}
	return c.openState(t)
}

// localMeta is the meta record in the database, if what it says of itself
// fits. An error means that the program doesn't fit the state.
func (c *Container) localMeta(t *task) (*meta, string, error) {
	b, err := t.State.Meta()
	if err != nil || b == nil {
		return nil, "", err
	}
	m, err := parseMeta(b)
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // that it can't be read is the answer
	}
	if m.System != c.cfg.System.ID() || m.App != c.cfg.App || m.Stage != t.stage.Name || m.Task != t.ID {
		return nil, fmt.Sprintf("it belongs to task %d of %s-%s on another log (%s)", m.Task, m.App, m.Stage, m.System), nil
	}
	return &m, "", m.checkSchemas(t.stage)
}
