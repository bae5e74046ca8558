package sim

import (
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Await is for the sequences of generators: it lets time pass until the simulation has run
// for d. Otherwise a sequence would be over before anything goes wrong.
func (s *Simulation) Await(d time.Duration) {
	if left := d - s.trace.since(); left > 0 {
		s.World.wait(left, func() bool { return false })
	}
}

// generated is how many values of a generator are committed.
func (s *Simulation) generated(stage *scheduler.Stage, topic string) int64 {
	changelog := stream.TopicPartition{Topic: meta.ChangelogTopics(stage)[0]}
	inputs, _ := meta.LastCommit(s.network.cluster.Records(changelog, true))
	for _, in := range inputs {
		if in.Topic == topic {
			return in.Offset
		}
	}
	return 0
}
