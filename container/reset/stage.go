package reset

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A stageReset is the reset of one stage.
type stageReset struct {
	cfg         Config
	app         string
	stage       *scheduler.Stage
	target      Target
	changes     Stage
	to          map[stream.TopicPartition]int64 // offsets of inputs that are set
	missing     []scheduler.Topic               // that are created before the reset
	group       map[stream.TopicPartition]int64 // committed offsets of tasks without a last commit
	atLeastOnce bool                            // how the job has committed

	id       string // of the producer
	owner    string
	tasks    []recovery.SurveyedTask // with their last commits
	seq      []int64                 // of the tasks' last meta records
	topicIDs map[string]string
	producer stream.Producer
	logs     map[string]stream.Writer // to the changelogs, by topic
}

func newStageReset(cfg Config, app string, stage *scheduler.Stage, target Target) *stageReset {
	return &stageReset{cfg: cfg, app: app, stage: stage, target: target, id: meta.ProducerID(app, stage.Name, "0")}
}

func (s *stageReset) admin() stream.Admin { return s.cfg.System.Admin() }

// recovery is what surveys of the stage work with.
func (s *stageReset) recovery() recovery.Config {
	return recovery.Config{
		App: s.app, Stage: s.stage, System: s.cfg.System, Producer: s.id, AtLeastOnce: s.atLeastOnce,
		Memory: s.cfg.Memory, Now: s.cfg.Now, Await: s.cfg.Await, Logger: s.cfg.Logger,
	}
}

// find finds the tasks' last commits by a survey, and refuses what can't be reset.
func (s *stageReset) find(ctx context.Context, look func(*recovery.Survey, context.Context) error) error {
	cfg := s.recovery()
	if cfg.Stage = s.existing(); cfg.Stage == nil {
		return s.findNone(ctx)
	}
	survey := recovery.NewSurvey(cfg, !s.target.KeepState)
	if err := look(survey, ctx); err != nil {
		return err
	}
	s.tasks, s.topicIDs = survey.Tasks(), survey.TopicIDs()
	s.seq = make([]int64, len(s.tasks))
	if err := s.findOffsets(ctx); err != nil || !s.target.KeepState {
		return err
	}
	for _, t := range s.tasks {
		if t.Last != nil && t.Last.Reset == meta.ResetClears {
			return fmt.Errorf("task %d: a reset that empties the stores was started and not finished: the state can't be kept any more", t.ID)
		}
		if t.HalfCommitted {
			return fmt.Errorf("task %d: it was killed in the middle of a commit, which its next start undoes: start the job and stop it, to keep its state then", t.ID)
		}
	}
	return survey.Check(ctx)
}

// prepare looks at the stage, and decides where its inputs continue.
func (s *stageReset) prepare(ctx context.Context) error {
	if err := s.find(ctx, (*recovery.Survey).Look); err != nil {
		return err
	}
	s.atLeastOnce = slices.ContainsFunc(s.tasks, func(t recovery.SurveyedTask) bool { return t.Last != nil && t.Last.AtLeastOnce })
	if err := s.setOffsets(ctx); err != nil {
		return err
	}
	return s.describe(ctx)
}

// setOffsets decides on the offsets that are set.
func (s *stageReset) setOffsets(ctx context.Context) error {
	tps := s.partitions(false)
	s.to = make(map[stream.TopicPartition]int64)
	if s.target.Start != nil && len(tps) > 0 {
		offsets, err := recovery.StartOffsets(ctx, s.admin(), *s.target.Start, tps)
		if err != nil {
			return fmt.Errorf("asking where the inputs start: %w", err)
		}
		for i, tp := range tps {
			s.to[tp] = offsets[i]
		}
	}
	tps = slices.DeleteFunc(tps, func(tp stream.TopicPartition) bool { _, ok := s.target.Offsets[tp]; return !ok })
	if len(tps) == 0 {
		return nil
	}
	starts, err := s.admin().Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := s.admin().Ends(ctx, tps...)
	if err != nil {
		return err
	}
	for i, tp := range tps {
		offset := s.target.Offsets[tp]
		if offset < starts[i] || offset > ends[i] {
			return &stream.OffsetOutOfRangeError{TopicPartition: tp, Offset: offset, Start: starts[i], End: ends[i]}
		}
		s.to[tp] = offset
	}
	return nil
}

// partitions are those of the inputs: of the repartition topics, or of the others.
func (s *stageReset) partitions(repartition bool) []stream.TopicPartition {
	var tps []stream.TopicPartition
	for _, in := range s.stage.Inputs {
		for p := range in.Partitions {
			if in.Repartition() == repartition && in.Delivery != scheduler.DeliverGlobal && !in.Generator() && !s.misses(in.Topic) {
				tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
			}
		}
	}
	return tps
}

// readers are the tasks that read a partition of an input. The first one's position is the
// offset of the group.
func (s *stageReset) readers(tp stream.TopicPartition) []int32 {
	for i := range s.stage.Inputs {
		in := &s.stage.Inputs[i]
		if in.Topic != tp.Topic || in.Delivery == scheduler.DeliverGlobal || in.Generator() {
			continue
		}
		first := s.stage.Committer(in, tp.Partition)
		if first >= s.stage.Tasks {
			return nil // a broadcast repartition had more tasks
		}
		readers := []int32{first}
		for task := range s.stage.Tasks {
			if in.Everywhere() && task != first {
				readers = append(readers, task)
			}
		}
		return readers
	}
	return nil
}

// committed is the next offset of an input, as of the last commit; -1 if none was
// committed.
func (s *stageReset) committed(tp stream.TopicPartition) int64 {
	if readers := s.readers(tp); len(readers) > 0 {
		return s.committedBy(tp, readers[0])
	}
	return -1
}

// committedBy is the next offset of an input for a task; -1 if none was committed.
func (s *stageReset) committedBy(tp stream.TopicPartition, task int32) int64 {
	last := s.tasks[task].Last
	if last == nil {
		if at, ok := s.group[tp]; ok {
			return at
		}
		return -1
	}
	if in, ok := last.Input(tp); ok {
		return in.Offset
	}
	return -1
}

// passOver returns the ends of the repartition topics whose records are passed over. It is
// empty if they aren't.
func (s *stageReset) passOver(ctx context.Context) (map[stream.TopicPartition]int64, error) {
	passed := make(map[stream.TopicPartition]int64)
	tps := s.partitions(true)
	if s.target.KeepState || len(tps) == 0 {
		return passed, nil
	}
	ends, err := s.admin().LogEnds(ctx, tps...)
	for i := range ends {
		passed[tps[i]] = ends[i]
	}
	return passed, err
}

func (s *stageReset) close() error {
	if s.producer == nil {
		return nil
	}
	return s.producer.Close()
}
