package reset

import (
	"context"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

// takeOver fences the owners of the stage's tasks, and looks at what they have left.
func (s *stageReset) takeOver(ctx context.Context) (err error) {
	s.owner = s.cfg.NewID()
	s.producer, err = s.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: s.id, AtLeastOnce: s.atLeastOnce})
	if err != nil {
		return err
	}
	s.logs = make(map[string]stream.Writer)
	for _, topic := range meta.ChangelogTopics(s.stage) {
		if s.logs[topic], err = s.producer.Writer(topic); err != nil {
			return err
		}
	}
	return s.find(ctx, (*recovery.Survey).TakeOver)
}

// mark says in all changelogs that the tasks are being reset. The mark has their positions,
// too, for a reset that comes after this one.
func (s *stageReset) mark(ctx context.Context) error {
	for i, t := range s.tasks {
		m := s.newRecord(t.ID)
		if t.Last != nil {
			m.Inputs, m.Topics = t.Last.Inputs, t.Last.Topics
		}
		m.Reset = s.target.mode()
		if err := s.sendRecord(i, m); err != nil {
			return err
		}
	}
	_, err := s.producer.Commit(ctx, stream.GroupOffsets{})
	return err
}

// finish says where the tasks continue: without watermarks, as their inputs are read again.
func (s *stageReset) finish(ctx context.Context) error {
	passed, err := s.passOver(ctx)
	if err != nil {
		return err
	}
	offsets := stream.GroupOffsets{Group: s.stage.Group}
	records := make([]meta.Record, len(s.tasks))
	for i, t := range s.tasks {
		records[i] = s.newRecord(t.ID)
		records[i].Topics, records[i].Clean = s.topicIDs, true
	}
	for _, tp := range append(s.partitions(false), s.partitions(true)...) {
		set, ok := s.to[tp]
		if !ok {
			set, ok = passed[tp]
		}
		for i, task := range s.readers(tp) {
			offset := set
			if !ok {
				offset = s.committedBy(tp, task)
			}
			if offset < 0 {
				continue // it was never read
			}
			m := &records[task]
			m.Inputs = append(m.Inputs, meta.Input{Topic: tp.Topic, Partition: tp.Partition, Offset: offset})
			if i == 0 {
				offsets.Positions = append(offsets.Positions, stream.Position{TopicPartition: tp, Offset: offset})
			}
		}
	}
	s.keepGenerators(records)
	return s.commit(ctx, records, offsets)
}

// keepGenerators says how many values of generators are done with, unless they start again.
func (s *stageReset) keepGenerators(records []meta.Record) {
	for _, in := range s.stage.Inputs {
		if !in.Generator() || s.restartsGenerators() {
			continue
		}
		if n := s.committedBy(stream.TopicPartition{Topic: in.Topic}, 0); n > 0 {
			records[0].Inputs = append(records[0].Inputs, meta.Input{Topic: in.Topic, Offset: n})
		}
	}
}

// commit commits the last meta records with the group's offsets. Without a transaction the
// offsets come first, while the tasks are still marked: a reset that is interrupted between
// the two is run again.
func (s *stageReset) commit(ctx context.Context, records []meta.Record, offsets stream.GroupOffsets) error {
	if s.atLeastOnce {
		if _, err := s.producer.Commit(ctx, offsets); err != nil {
			return err
		}
		offsets = stream.GroupOffsets{}
	}
	for i := range s.tasks {
		if err := s.sendRecord(i, records[i]); err != nil {
			return err
		}
	}
	_, err := s.producer.Commit(ctx, offsets)
	return err
}

func (s *stageReset) newRecord(task int32) meta.Record {
	return meta.New(s.cfg.System.ID(), s.app, s.stage, task)
}

// sendRecord sends a task's next meta record to each of its changelogs.
func (s *stageReset) sendRecord(task int, m meta.Record) error {
	t := &s.tasks[task]
	if t.Last != nil {
		s.seq[task] = max(s.seq[task], t.Last.Seq)
		m.SetForms(s.stage, t.Last.FormsOf(s.stage))
	}
	s.seq[task]++
	m.Seq, m.AtLeastOnce = s.seq[task], s.atLeastOnce
	if !s.atLeastOnce {
		m.Producer, m.Owner = s.id, s.owner
	}
	b, err := m.Encode()
	if err != nil {
		return err
	}
	r := stream.Record{Key: []byte(meta.Key), Value: b, Time: s.cfg.Now().UnixMilli()}
	for _, topic := range meta.ChangelogTopics(s.stage) {
		if err := s.logs[topic].Send(t.ID, &r); err != nil {
			return err
		}
	}
	return nil
}
