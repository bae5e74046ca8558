package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// createInputs makes the topics that are fed, or that the pipeline has samples
// for, if they don't exist. Those that do aren't touched: who may write to them
// need not be allowed to make them.
func (r *run) createInputs(ctx context.Context) error {
	topics := r.written()
	if len(topics) == 0 {
		return nil
	}
	known, err := r.system.Admin().Partitions(ctx, topics...)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if known[t] > 0 {
			continue
		}
		err := r.system.Admin().CreateTopic(ctx, stream.TopicConfig{Name: t, Partitions: partitionsOr(r.Partitions), Replication: r.Replication})
		switch {
		case err == nil:
			r.created++
		case !errors.Is(err, stream.ErrTopicExists): // else somebody else was quicker
			return err
		}
	}
	return nil
}

// written are the inputs that this run writes to, each once.
func (r *run) written() []string {
	var topics []string
	for _, f := range r.feeds {
		topics = append(topics, f.topic)
	}
	if r.sampling() {
		for _, s := range r.app.samples {
			topics = append(topics, s.topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// sampling tells whether inputs make records of their own. They don't write to a
// cluster, where others may be reading.
func (r *run) sampling() bool {
	return r.kafka == nil && len(r.feeds) == 0 && !r.Once && len(r.app.samples) > 0
}

// checkChangelogs refuses to go on without the topics that hold what a stage has
// done, before anything takes their absence for an empty state.
func (r *run) checkChangelogs(ctx context.Context) error {
	missing := make(map[string]bool)
	for _, t := range r.planned.Topics {
		missing[t.Name] = t.Create
	}
	for i := range r.planned.Stages {
		s := &r.planned.Stages[i]
		topics := meta.ChangelogTopics(s)
		if slices.ContainsFunc(topics, func(t string) bool { return !missing[t] }) {
			continue // what isn't there of others may be new
		}
		lost, err := r.lost(ctx, s, topics)
		if err != nil {
			return err
		}
		if !lost {
			continue
		}
		return fmt.Errorf("stage %s: group %s has offsets, so the stage was at work, but the state that belongs to them is gone: there is no topic %s. Was it deleted, or an operator renamed? "+
			"Nothing was changed. Give the operator its former name, or start over under another app name; or delete the group's offsets, to begin without state where the input begins",
			s.Name, s.Group, strings.Join(topics, ", "))
	}
	return nil
}

// lost tells whether a stage has committed something, though none of the topics is
// there that it starts from. These are looked for after the offsets: another copy of
// the job, which starts at the same moment, makes them before it commits.
func (r *run) lost(ctx context.Context, s *scheduler.Stage, topics []string) (bool, error) {
	var inputs []stream.TopicPartition
	for _, in := range s.Inputs {
		for p := range in.Partitions {
			inputs = append(inputs, stream.TopicPartition{Topic: in.Topic, Partition: p})
		}
	}
	offsets, err := r.system.Admin().Committed(ctx, s.Group, inputs...)
	if err != nil || !slices.ContainsFunc(offsets, func(o int64) bool { return o >= 0 }) {
		return false, err
	}
	partitions, err := r.system.Admin().Partitions(ctx, topics...)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(topics, func(t string) bool { return partitions[t] > 0 }), nil
}
