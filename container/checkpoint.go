package container

import (
	"fmt"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// sendState sends the changelog records of what is dirty.
func (t *task) sendState() (err error) {
	if t.State == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil { // in the user's own encoding of a value
			err = t.State.EncodingError(loop.NewPanicError(v))
		}
	}()
	return t.State.Prepare(t.log)
}

// sendMarks adds, to each partition of each repartition topic, one control message with the
// marks of this container's tasks that have changed since the last commit.
func (c *committer) sendMarks() error {
	for i, out := range c.cfg.Stage.Outputs {
		if !out.Repartition {
			continue
		}
		// The number of tasks only grows, so it is the epoch of itself.
		msg := stream.Control{Epoch: int64(c.cfg.Stage.Tasks), Tasks: c.cfg.Stage.Tasks}
		for _, t := range *c.tasks {
			if m := t.mark(i, c.cfg.Run); m != t.sentMarks[i] {
				msg.Marks = append(msg.Marks, m)
				t.sentMarks[i] = m
			}
		}
		if len(msg.Marks) == 0 {
			continue
		}
		w, err := c.producer.Writer(out.Topic)
		if err != nil {
			return err
		}
		r := stream.Record{Value: msg.Append(nil), Headers: []stream.Header{{Key: stream.ControlHeader}}, Time: c.cfg.Now().UnixMilli()}
		for q := range w.Partitions() {
			if err := w.Send(q, &r); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendMeta sends the task's meta record to each of its changelogs.
func (c *committer) sendMeta(t *task) error {
	t.seq++
	m, err := c.metaRecord(t).Encode()
	if err != nil {
		return err
	}
	r := stream.Record{Key: []byte(meta.Key), Value: m, Time: c.loop.Now()}
	for _, w := range t.logs {
		if err := w.Send(t.ID, &r); err != nil {
			return err
		}
	}
	return nil
}

// metaRecord describes a task as it stands, with everything up to its positions finished.
func (c *committer) metaRecord(t *task) meta.Record {
	m := meta.New(c.cfg.System.ID(), c.cfg.App, t.stage, t.ID)
	m.Seq, m.AtLeastOnce, m.Clean, m.Topics = t.seq, c.cfg.AtLeastOnce, c.clean, c.topics
	if !c.cfg.AtLeastOnce {
		m.Producer, m.Owner = c.cfg.TransactionalID(), c.owner
	}
	m.Inputs = t.Meta()
	m.Operators = t.Logic.Marks()
	m.SetForms(t.stage, t.Forms())
	return m
}

// log sends one change of a store to its changelog.
func (t *task) log(store int, key, value []byte) error {
	if meta.Reserved(key) {
		return t.logReserved(store, key, value)
	}
	t.record = stream.Record{Key: key, Value: value}
	return t.logs[store].Send(t.ID, &t.record)
}

// logReserved is log for a key that begins like that of meta records.
func (t *task) logReserved(store int, key, value []byte) error {
	if value == nil && meta.WrittenAsIs(key) {
		t.record = stream.Record{Key: key}
		if err := t.logs[store].Send(t.ID, &t.record); err != nil {
			return err
		}
	}
	t.record = stream.Record{Key: meta.AppendKey(nil, key), Value: value}
	return t.logs[store].Send(t.ID, &t.record)
}

// fits returns an error if a store's changelog doesn't take an entry.
func (t *task) fits(store int, key, value []byte) error {
	if meta.Reserved(key) {
		key = meta.AppendKey(nil, key)
	}
	t.record = stream.Record{Key: key, Value: value}
	return t.logs[store].Check(t.ID, &t.record)
}

// committed writes the state of a task whose commit is final, and tells its operators.
func (c *committer) committed(t *task, ends []stream.Position) error {
	if err := c.apply(t, ends); err != nil {
		return fmt.Errorf("writing state: %w", err)
	}
	return t.AfterCommit()
}

// apply writes the state that has just been committed to the task's database.
func (c *committer) apply(t *task, ends []stream.Position) error {
	t.Moved = false
	if t.State == nil {
		return nil
	}
	m := c.metaRecord(t)
	m.At, m.Changelogs = c.loop.Now(), make(map[string]int64)
	for i, s := range t.stage.Stores {
		for _, end := range ends {
			if end.Topic == s.Changelog && end.Partition == t.ID {
				t.changelogs[i] = end.Offset
			}
		}
		m.Changelogs[s.StateName()] = t.changelogs[i]
	}
	b, err := m.Encode()
	if err != nil {
		return err
	}
	return t.State.Apply(b)
}
