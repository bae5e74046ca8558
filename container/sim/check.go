package sim

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// done tells whether all input is processed and committed.
func (s *Simulation) done() bool { return s.remaining() == "" }

// remaining says what isn't done yet.
func (s *Simulation) remaining() string {
	if n := s.unfed; n > 0 {
		return fmt.Sprintf("%d records aren't fed", n)
	}
	var rest []string
	for _, c := range s.network.cluster.Chores(s.World.now) {
		rest = append(rest, c.String())
	}
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
			if name, ok := scheduler.GeneratorOf(in.Topic); ok {
				if at := s.generated(stage, in.Topic); at < s.job.Generated[name] {
					rest = append(rest, fmt.Sprintf("%s is at %d of %d", in.Topic, at, s.job.Generated[name]))
				}
				continue
			}
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

// check looks at what has come of it all.
func (s *Simulation) check() error { return s.checkFrom(nil) }

// checkOffsets: the state of each task is as of the offsets of its group, in each
// of its changelogs.
func (s *Simulation) checkOffsets(stage *scheduler.Stage) error {
	at := make(map[stream.TopicPartition]int64)
	for _, p := range s.network.cluster.Offsets(stage.Group) {
		at[p.TopicPartition] = p.Offset
	}
	for _, topic := range meta.ChangelogTopics(stage) {
		for task := range stage.Tasks {
			tp := stream.TopicPartition{Topic: topic, Partition: task}
			inputs, err := meta.LastCommit(s.network.cluster.Records(tp, true))
			if err != nil {
				return fmt.Errorf("%s: %w", tp, err)
			}
			for _, in := range inputs {
				if _, ok := scheduler.GeneratorOf(in.Topic); ok {
					continue // it has no offset in the group
				}
				if at[in.TopicPartition] != in.Offset {
					return fmt.Errorf("%s: the state is as of offset %d of %s, the group's is %d", tp, in.Offset, in.TopicPartition, at[in.TopicPartition])
				}
			}
		}
	}
	return nil
}
