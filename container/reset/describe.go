package reset

import (
	"context"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// describe sets what will be changed in the stage.
func (s *stageReset) describe(ctx context.Context) error {
	s.changes.Name = s.stage.Name
	passed, err := s.passOver(ctx)
	if err != nil {
		return err
	}
	for _, in := range s.stage.Inputs {
		if in.Generator() {
			s.describeGenerator(&in)
			continue
		}
		c := Input{Topic: in.Topic, Repartition: in.Repartition()}
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

// describeGenerator says how many values of a generator will be skipped.
func (s *stageReset) describeGenerator(in *scheduler.Input) {
	tp := stream.TopicPartition{Topic: in.Topic}
	from := max(s.committedBy(tp, 0), 0)
	c := Input{Topic: in.Topic, From: []int64{from}, To: []int64{from}}
	if s.restartsGenerators() {
		c.To[0] = 0
	}
	s.changes.Inputs = append(s.changes.Inputs, c)
}

// restartsGenerators reports whether generators start again at their first values: they do
// if all inputs start at their oldest records. Otherwise they keep their positions.
func (s *stageReset) restartsGenerators() bool { return s.target.Start != nil && *s.target.Start == 0 }

func (s *stageReset) describeStores(ctx context.Context) error {
	for _, store := range s.stage.Stores {
		if s.misses(store.Changelog) {
			continue
		}
		var tps []stream.TopicPartition
		for p := range s.stage.Tasks {
			tps = append(tps, stream.TopicPartition{Topic: store.Changelog, Partition: p})
		}
		starts, err := s.admin().Starts(ctx, tps...)
		if err != nil {
			return err
		}
		ends, err := s.admin().Ends(ctx, tps...)
		if err != nil {
			return err
		}
		c := Store{Name: store.Name}
		for i := range tps {
			c.Records += ends[i] - starts[i]
		}
		s.changes.Stores = append(s.changes.Stores, c)
	}
	return nil
}
