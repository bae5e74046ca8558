package container

import (
	"context"

	"github.com/gretestream/grete/stream"
)

// take shuts out whoever has the stage's tasks, and looks at what that one has left.
func (s *resetting) take(ctx context.Context) (err error) {
	s.owner = s.cfg.NewID()
	s.producer, err = s.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: s.cfg.TransactionalID(), AtLeastOnce: s.atLeastOnce})
	if err != nil {
		return err
	}
	s.logs = make(map[string]stream.Writer)
	for _, topic := range ChangelogTopics(s.cfg.Stage) {
		if s.logs[topic], err = s.producer.Writer(topic); err != nil {
			return err
		}
	}
	return s.find(ctx, func(r *restorer) error { return r.find(ctx, s.cfg.System.Admin().Ends) })
}

// mark says in all changelogs that the tasks are being reset. Where they stood is in
// the mark, too, for a reset that comes after this one.
func (s *resetting) mark(ctx context.Context) error {
	for _, t := range s.tasks {
		m := s.cfg.blankMeta(t.task)
		if t.last != nil {
			m.Inputs, m.Topics = t.last.Inputs, t.last.Topics
		}
		m.Reset = s.target.mode()
		if err := s.sendMeta(t, m); err != nil {
			return err
		}
	}
	_, err := s.producer.Commit(ctx, stream.GroupOffsets{})
	return err
}

// finish says where the tasks go on: without watermarks, as they are read anew.
func (s *resetting) finish(ctx context.Context) error {
	passed, err := s.passOver(ctx)
	if err != nil {
		return err
	}
	offsets := stream.GroupOffsets{Group: s.cfg.Stage.Group}
	metas := make([]meta, len(s.tasks))
	for i, t := range s.tasks {
		metas[i] = s.cfg.blankMeta(t.task)
		metas[i].Topics, metas[i].Clean = s.ids, true
	}
	for _, tp := range append(s.partitions(false), s.partitions(true)...) {
		offset, ok := s.to[tp]
		if !ok {
			offset, ok = passed[tp]
		}
		if !ok {
			offset = s.committed(tp)
		}
		if offset < 0 {
			continue // it was never read
		}
		m := &metas[tp.Partition]
		m.Inputs = append(m.Inputs, metaInput{Topic: tp.Topic, Partition: tp.Partition, Offset: offset})
		offsets.Positions = append(offsets.Positions, stream.Position{TopicPartition: tp, Offset: offset})
	}
	return s.commit(ctx, metas, offsets)
}

// commit commits the last meta records with the group's offsets. Without a transaction
// the offsets come first, while the tasks are still being reset: a reset that is
// interrupted between both is run again.
func (s *resetting) commit(ctx context.Context, metas []meta, offsets stream.GroupOffsets) error {
	if s.atLeastOnce {
		if _, err := s.producer.Commit(ctx, offsets); err != nil {
			return err
		}
		offsets = stream.GroupOffsets{}
	}
	for i, t := range s.tasks {
		if err := s.sendMeta(t, metas[i]); err != nil {
			return err
		}
	}
	_, err := s.producer.Commit(ctx, offsets)
	return err
}

// sendMeta sends a task's next meta record to each of its changelogs.
func (s *resetting) sendMeta(t *restoring, m meta) error {
	if t.last != nil {
		t.seq = max(t.seq, t.last.Seq)
	}
	t.seq++
	m.Seq, m.AtLeastOnce = t.seq, s.atLeastOnce
	if !s.atLeastOnce {
		m.Producer, m.Owner = s.cfg.TransactionalID(), s.owner
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	r := stream.Record{Key: []byte(metaKey), Value: b, Time: s.cfg.Now().UnixMilli()}
	for _, l := range t.parts {
		if err := s.logs[l.Topic].Send(t.ID, &r); err != nil {
			return err
		}
	}
	return nil
}
