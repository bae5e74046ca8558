package reset

import (
	"context"

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
