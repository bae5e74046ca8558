package api

import (
	"context"
	"errors"
	"slices"

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
