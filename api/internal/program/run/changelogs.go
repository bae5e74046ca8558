package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// checkChangelogs refuses to run without the topics that hold a stage's state, before
// anything takes their absence for an empty state.
func checkChangelogs(ctx context.Context, admin stream.Admin, plan *scheduler.Plan) error {
	missing := make(map[string]bool)
	for _, t := range plan.Topics {
		missing[t.Name] = t.Create
	}
	for i := range plan.Stages {
		s := &plan.Stages[i]
		topics := meta.ChangelogTopics(s)
		if slices.ContainsFunc(topics, func(t string) bool { return !missing[t] }) {
			continue // the missing ones may be new
		}
		lost, err := lostState(ctx, admin, s, topics)
		if err != nil {
			return err
		}
		if !lost {
			continue
		}
		return fmt.Errorf("stage %s: group %s has committed offsets, but the state that belongs to them is gone: there is no topic %s. Was it deleted, or an operator renamed? "+
			"Nothing was changed. Give the operator its former name, or run rename OLD NEW with this version; or reset the job with this version, to start without state",
			s.Name, s.Group, strings.Join(topics, ", "))
	}
	return nil
}

// lostState reports whether a stage has committed offsets, but has none of the topics
// that hold its state. The topics are looked up after the offsets: another process of
// the job that starts at the same moment creates them before it commits.
func lostState(ctx context.Context, admin stream.Admin, s *scheduler.Stage, topics []string) (bool, error) {
	var inputs []stream.TopicPartition
	for _, in := range s.Inputs {
		if in.Generator() {
			continue
		}
		for p := range in.Partitions {
			inputs = append(inputs, stream.TopicPartition{Topic: in.Topic, Partition: p})
		}
	}
	offsets, err := admin.Committed(ctx, s.Group, inputs...)
	if err != nil || !slices.ContainsFunc(offsets, func(o int64) bool { return o >= 0 }) {
		return false, err
	}
	partitions, err := admin.Partitions(ctx, topics...)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(topics, func(t string) bool { return partitions[t] > 0 }), nil
}
