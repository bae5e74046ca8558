package sim

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream"
)

// invariants hold at any moment.
func (s *Simulation) invariants() error { return nil }

// done tells whether all input is processed and committed.
func (s *Simulation) done() bool { return s.remaining() == "" }

// remaining says what isn't done yet.
func (s *Simulation) remaining() string {
	if n := s.unfed; n > 0 {
		return fmt.Sprintf("%d records aren't fed", n)
	}
	var rest []string
	for _, t := range s.plan.Topics {
		for p := range t.Partitions {
			tp := stream.TopicPartition{Topic: t.Name, Partition: p}
			if stable, end := s.network.cluster.LastStable(tp), s.network.cluster.HighWatermark(tp); stable < end {
				rest = append(rest, fmt.Sprintf("%s is stable up to %d of %d", tp, stable, end))
			}
		}
	}
	for i := range s.plan.Stages {
		stage := &s.plan.Stages[i]
		at := make(map[stream.TopicPartition]int64)
		for _, p := range s.network.cluster.Offsets(stage.Group) {
			at[p.TopicPartition] = p.Offset
		}
		for _, in := range stage.Inputs {
			for p := range in.Partitions {
				tp := stream.TopicPartition{Topic: in.Topic, Partition: p}
				records := s.network.cluster.Records(tp, true)
				if len(records) == 0 {
					continue
				}
				if last := records[len(records)-1].Offset; at[tp] <= last {
					rest = append(rest, fmt.Sprintf("%s is at %d of %d", tp, at[tp], last+1))
				}
			}
		}
	}
	return strings.Join(rest, ", ")
}

func (s *Simulation) check() error {
	return s.job.Check(func(tp stream.TopicPartition) []stream.Record { return s.network.cluster.Records(tp, true) })
}
