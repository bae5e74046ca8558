package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// restore opens the tasks with their state as of the last commit, and returns
// the meta record of each, nil for one that never committed. Whatever the
// databases hold already isn't read again: only the tail of each changelog that
// they lack.
func (c *Container) restore(ctx context.Context) ([]*meta, error) {
	r := restorer{c: c, progress: make(map[stream.TopicPartition]*replay)}
	metas := make([]*meta, len(c.cfg.Tasks))
	for i, id := range c.cfg.Tasks {
		t, err := c.openTask(id)
		if err != nil {
			return nil, fmt.Errorf("task %d: %w", id, err)
		}
		c.tasks = append(c.tasks, t)
		if metas[i], err = r.begin(ctx, t); err != nil {
			return nil, fmt.Errorf("task %d: %w", id, err)
		}
	}
	if err := r.run(ctx, metas); err != nil {
		return nil, fmt.Errorf("restoring state: %w", err)
	}
	return metas, nil
}

// A restorer reads the changelogs of all tasks of a container side by side.
type restorer struct {
	c        *Container
	consumer stream.Consumer
	progress map[stream.TopicPartition]*replay
}

// A replay is one changelog partition that is being read.
type replay struct {
	stream.TopicPartition
	task      *task
	index     int // of the task in the container
	store     int // -1: a meta topic
	next, end int64
	pending   []byte // the last meta record read
}

// begin finds out what of a task's changelogs its database lacks.
func (r *restorer) begin(ctx context.Context, t *task) (*meta, error) {
	var local *meta
	if t.State != nil {
		m, trouble, err := r.c.localMeta(t)
		if err != nil {
			return nil, err
		}
		if trouble != "" {
			if err := r.c.discard(t, trouble); err != nil {
				return nil, err
			}
		}
		local = m
	}
	replays, ahead, err := r.positions(ctx, t, local)
	if err != nil {
		return nil, err
	}
	if ahead != "" {
		if err := r.c.discard(t, ahead); err != nil {
			return nil, err
		}
		local = nil
		if replays, _, err = r.positions(ctx, t, nil); err != nil {
			return nil, err
		}
	}
	for _, p := range replays {
		if p.next < p.end {
			r.progress[p.TopicPartition] = p
		}
		if p.store >= 0 {
			t.changelogs[p.store] = p.end
		}
	}
	if local != nil {
		t.seq = local.Seq
		if local.Restoring {
			local = nil
		}
	}
	return local, nil
}

// positions says from where to where each changelog of the task is to be read.
// A database that claims to hold more than the changelog has can't be trusted;
// ahead then says so.
func (r *restorer) positions(ctx context.Context, t *task, local *meta) (replays []*replay, ahead string, err error) {
	for i, topic := range changelogTopics(r.c.cfg) {
		tp := stream.TopicPartition{Topic: topic, Partition: t.ID}
		starts, err := r.c.cfg.System.Admin().Starts(ctx, tp)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", tp, err)
		}
		ends, err := r.c.cfg.System.Admin().Ends(ctx, tp)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", tp, err)
		}
		p := &replay{TopicPartition: tp, task: t, store: i, next: starts[0], end: ends[0]}
		p.index = len(r.c.tasks) - 1
		if t.State == nil {
			p.store = -1
		} else if local != nil {
			p.next = max(p.next, local.Changelogs[t.stage.Stores[i].Name])
			if p.next > p.end {
				ahead = fmt.Sprintf("it is ahead of the changelog %s: %d of %d", tp, p.next, p.end)
			}
		}
		replays = append(replays, p)
	}
	return replays, ahead, nil
}

// run reads the changelogs to their ends.
func (r *restorer) run(ctx context.Context, metas []*meta) (err error) {
	if len(r.progress) == 0 {
		return nil
	}
	if r.consumer, err = r.c.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: r.c.cfg.fetchBytes()}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.consumer.Close()) }()
	for tp, p := range r.progress {
		if err := r.consumer.Assign(tp, p.next); err != nil {
			return err
		}
	}
	for len(r.progress) > 0 {
		chunks, err := r.consumer.Poll()
		if err != nil {
			return err
		}
		if len(chunks) == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.consumer.Ready():
			}
		}
		for _, chunk := range chunks {
			if err := r.take(chunk, metas); err != nil {
				return fmt.Errorf("%s: %w", chunk.TopicPartition, err)
			}
		}
		r.publish()
	}
	return nil
}

// take replays one chunk.
func (r *restorer) take(chunk stream.Chunk, metas []*meta) error {
	p := r.progress[chunk.TopicPartition]
	for i := range chunk.Records {
		rec := &chunk.Records[i]
		if rec.Offset >= p.end {
			break
		}
		if string(rec.Key) == metaKey {
			p.pending = append(p.pending[:0], rec.Value...)
			continue
		}
		if p.store < 0 {
			continue
		}
		if err := p.task.State.Replay(p.store, rec.Key, rec.Value); err != nil {
			return err
		}
		counts := p.task.counts.Stores[p.store]
		counts.RestoredRecords++
		counts.RestoredBytes += int64(len(rec.Key) + len(rec.Value))
	}
	p.next = min(chunk.Next, p.end)
	r.consumer.Release(chunk.TopicPartition)
	if p.next == p.end {
		return r.finish(p, metas)
	}
	if p.task.State != nil && p.task.State.ReplayDue() {
		return r.save(p.task, nil)
	}
	return nil
}

// finish is called when a changelog is read to its end. Of several changelogs of
// a task the meta record of the last commit wins.
func (r *restorer) finish(p *replay, metas []*meta) error {
	r.consumer.Unassign(p.TopicPartition)
	delete(r.progress, p.TopicPartition)
	if p.pending != nil {
		m, err := parseMeta(p.pending)
		if err != nil {
			return err
		}
		if m.App != r.c.cfg.App || m.Stage != p.task.stage.Name {
			return fmt.Errorf("the changelog belongs to stage %s of app %s", m.Stage, m.App)
		}
		if err := m.checkSchemas(p.task.stage); err != nil {
			return err
		}
		if old := metas[p.index]; old == nil || m.Seq > old.Seq {
			metas[p.index] = &m
			p.task.seq = m.Seq
		}
	}
	for _, other := range r.progress {
		if other.task == p.task {
			return nil
		}
	}
	if p.task.State == nil {
		return nil
	}
	return r.save(p.task, metas[p.index])
}

// save writes what was replayed, with how far it was. Of an unfinished restore
// (whole is nil) that is all that the meta record says, so that the next one
// goes on there.
func (r *restorer) save(t *task, whole *meta) error {
	m := meta{Version: metaVersion, Seq: t.seq, System: r.c.cfg.System.ID(), App: r.c.cfg.App, Stage: t.stage.Name, Task: t.ID, Restoring: true}
	if whole != nil {
		m = *whole
	}
	m.Changelogs = make(map[string]int64)
	for i, s := range t.stage.Stores {
		m.Changelogs[s.Name] = t.changelogs[i]
		if p, ok := r.progress[stream.TopicPartition{Topic: s.Changelog, Partition: t.ID}]; ok {
			m.Changelogs[s.Name] = p.next
		}
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	return t.State.ApplyReplay(b)
}
