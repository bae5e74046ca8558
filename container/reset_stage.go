package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gretestream/grete/stream"
)

// resetting is a stage that is being reset.
type resetting struct {
	cfg         Config
	target      ResetTarget
	changes     StageReset
	to          map[stream.TopicPartition]int64 // offsets of inputs that are set
	atLeastOnce bool                            // it was committed so

	owner    string
	tasks    []*restoring // with their last commits
	ids      map[string]string
	producer stream.Producer
	logs     map[string]stream.Writer // to the changelogs, by topic
}

// errBeingReset refuses to start.
var errBeingReset = errors.New("a reset of the job was begun, and not finished: nothing was changed now; run the reset again")

// beingReset refuses to go on from where tasks are being reset, before anybody is shut
// out. It tells whether one has to look again: while a reset goes on, or where its end
// has still to come to a changelog.
func (r *restorer) beingReset(ctx context.Context) (again bool, err error) {
	i := slices.IndexFunc(r.tasks, func(t *restoring) bool { return t.last != nil && t.last.Reset != "" })
	if i < 0 || r.o.resets {
		return false, nil
	}
	behind, err := r.behind(ctx)
	if err == nil && !behind {
		err = fmt.Errorf("task %d: %w", r.tasks[i].ID, errBeingReset)
	}
	return behind, err
}

// opening is one of all the stage's tasks, without their databases.
func (s *resetting) opening() *opening {
	o := &opening{cfg: s.cfg, resets: true, empties: !s.target.KeepState, fenced: map[string]bool{s.cfg.TransactionalID(): !s.atLeastOnce}}
	for id := range s.cfg.Stage.Tasks {
		o.tasks = append(o.tasks, &task{Task: Task{ID: id, stage: s.cfg.Stage}})
	}
	return o
}

// find finds the last commits.
func (s *resetting) find(ctx context.Context, how func(*restorer) error) error {
	r := restorer{o: s.opening()}
	err := r.o.identify(ctx)
	if err == nil {
		err = errors.Join(how(&r), r.close())
	}
	s.tasks, s.ids = r.tasks, r.o.ids
	for _, t := range s.tasks {
		if err == nil {
			err = s.check(t)
		}
	}
	if err == nil && s.target.KeepState {
		_, err = r.check(ctx)
	}
	return err
}

// check refuses what can't be done with a task.
func (s *resetting) check(t *restoring) error {
	if !s.target.KeepState {
		return nil
	}
	if t.last != nil && t.last.Reset == resetClears {
		return fmt.Errorf("task %d: a reset that empties the stores was begun, and not finished: state can't be kept any more", t.ID)
	}
	if slices.ContainsFunc(t.parts, func(l *changelog) bool { return len(l.behind) > 0 }) {
		return fmt.Errorf("task %d: it was killed in the middle of a commit, which its next start undoes: start the job and stop it, to keep its state then", t.ID)
	}
	return nil
}

// prepare looks at what is there, and decides where the inputs go on.
func (s *resetting) prepare(ctx context.Context) error {
	admin := s.cfg.System.Admin()
	err := s.find(ctx, func(r *restorer) error { return r.look(ctx, admin.Ends) })
	if err != nil {
		return err
	}
	s.atLeastOnce = slices.ContainsFunc(s.tasks, func(t *restoring) bool { return t.last != nil && t.last.AtLeastOnce })
	if err := s.setOffsets(ctx); err != nil {
		return err
	}
	return s.describe(ctx)
}

// setOffsets decides on the offsets that are set.
func (s *resetting) setOffsets(ctx context.Context) error {
	tps := s.partitions(false)
	s.to = make(map[stream.TopicPartition]int64)
	if s.target.Start != nil && len(tps) > 0 {
		offsets, err := s.opening().startOffsets(ctx, *s.target.Start, tps)
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
	starts, err := s.cfg.System.Admin().Starts(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := s.cfg.System.Admin().Ends(ctx, tps...)
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
func (s *resetting) partitions(repartition bool) []stream.TopicPartition {
	var tps []stream.TopicPartition
	for _, in := range s.cfg.Stage.Inputs {
		for p := range in.Partitions {
			if in.Repartition() == repartition {
				tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
			}
		}
	}
	return tps
}

// describe says what becomes of the stage.
func (s *resetting) describe(ctx context.Context) error {
	s.changes.Name = s.cfg.Stage.Name
	passed, err := s.passOver(ctx)
	if err != nil {
		return err
	}
	for _, in := range s.cfg.Stage.Inputs {
		c := InputReset{Topic: in.Topic, Repartition: in.Repartition()}
		for p := range in.Partitions {
			tp := stream.TopicPartition{Topic: in.Topic, Partition: p}
			from := s.committed(tp)
			to := from
			if offset, ok := s.to[tp]; ok {
				to = offset
			} else if offset, ok := passed[tp]; ok {
				to = offset
			}
			c.From, c.To = append(c.From, from), append(c.To, to)
		}
		s.changes.Inputs = append(s.changes.Inputs, c)
	}
	if s.target.KeepState {
		return nil
	}
	return s.describeStores(ctx)
}

func (s *resetting) describeStores(ctx context.Context) error {
	for _, store := range s.cfg.Stage.Stores {
		var tps []stream.TopicPartition
		for p := range s.cfg.Stage.Tasks {
			tps = append(tps, stream.TopicPartition{Topic: store.Changelog, Partition: p})
		}
		starts, err := s.cfg.System.Admin().Starts(ctx, tps...)
		if err != nil {
			return err
		}
		ends, err := s.cfg.System.Admin().Ends(ctx, tps...)
		if err != nil {
			return err
		}
		c := StoreReset{Name: store.Name}
		for i := range tps {
			c.Records += ends[i] - starts[i]
		}
		s.changes.Stores = append(s.changes.Stores, c)
	}
	return nil
}

// committed is the next offset of an input, as of the last commit; -1 if none was
// committed.
func (s *resetting) committed(tp stream.TopicPartition) int64 {
	if last := s.tasks[tp.Partition].last; last != nil {
		if in, ok := last.input(tp); ok {
			return in.Offset
		}
	}
	return -1
}

// passOver is up to where repartition topics are passed over: all that is in them. No
// partition is among it where they are not.
func (s *resetting) passOver(ctx context.Context) (map[stream.TopicPartition]int64, error) {
	passed := make(map[stream.TopicPartition]int64)
	tps := s.partitions(true)
	if s.target.KeepState || len(tps) == 0 {
		return passed, nil
	}
	ends, err := s.cfg.System.Admin().LogEnds(ctx, tps...)
	for i := range ends {
		passed[tps[i]] = ends[i]
	}
	return passed, err
}

func (s *resetting) close() error {
	if s.producer == nil {
		return nil
	}
	return s.producer.Close()
}

// sortedPartitions are the keys of a map, in order.
func sortedPartitions[V any](m map[stream.TopicPartition]V) []stream.TopicPartition {
	return slices.SortedFunc(maps.Keys(m), func(a, b stream.TopicPartition) int {
		if a.Topic != b.Topic {
			return strings.Compare(a.Topic, b.Topic)
		}
		return int(a.Partition - b.Partition)
	})
}
