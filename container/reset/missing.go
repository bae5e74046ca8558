package reset

import (
	"context"
	"slices"

	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A job may be reset with a version that has never run: its stages and stores may be new, or
// have new names. The topics that it lacks are created before the reset, once the user has
// confirmed it. Until then they count as empty.

// misses reports whether a topic doesn't exist yet.
func (s *stageReset) misses(topic string) bool {
	return slices.ContainsFunc(s.missing, func(t scheduler.Topic) bool { return t.Name == topic })
}

// existing returns the stage with those of its changelogs that exist; nil if none does.
func (s *stageReset) existing() *scheduler.Stage {
	stage := *s.stage
	stage.Stores = slices.DeleteFunc(slices.Clone(stage.Stores), func(st scheduler.Store) bool { return s.misses(st.Changelog) })
	if len(stage.Stores) == 0 && (len(s.stage.Stores) > 0 || s.misses(stage.MetaTopic)) {
		return nil
	}
	return &stage
}

// findNone finds no commits, as the stage has no changelog.
func (s *stageReset) findNone(ctx context.Context) error {
	s.tasks, s.seq = nil, make([]int64, s.stage.Tasks)
	for id := range s.stage.Tasks {
		s.tasks = append(s.tasks, recovery.SurveyedTask{ID: id})
	}
	return s.findOffsets(ctx)
}

// findOffsets asks the group for the offsets of tasks that have no last commit. An earlier
// version may have committed them with state that this version doesn't have.
func (s *stageReset) findOffsets(ctx context.Context) error {
	tps := slices.DeleteFunc(s.partitions(false), func(tp stream.TopicPartition) bool {
		readers := s.readers(tp)
		return len(readers) == 0 || s.tasks[readers[0]].Last != nil
	})
	s.group = make(map[stream.TopicPartition]int64)
	if len(tps) == 0 {
		return nil
	}
	offsets, err := s.admin().Committed(ctx, s.stage.Group, tps...)
	if err != nil {
		return err
	}
	for i, at := range offsets {
		if at >= 0 {
			s.group[tps[i]] = at
		}
	}
	return nil
}
