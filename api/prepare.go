package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// openFeeds reads -feed and -key, and makes the topics that are fed, or that the
// pipeline has samples for, if they don't exist.
func (r *run) openFeeds(ctx context.Context) error {
	feeds, err := parseAssignments("feed", r.Feed)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	keys, err := parseAssignments("key", r.Key)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	for _, f := range feeds {
		key, _, err := r.app.serdesOf(scheduler.KindInput, f[0])
		if err != nil {
			return fmt.Errorf("-feed %s=%s: %w", f[0], f[1], err)
		}
		if f[1] != standardInput {
			if _, err := os.Stat(f[1]); err != nil {
				return fmt.Errorf("-feed %s: %w", f[0], err)
			}
		}
		r.feeds = append(r.feeds, feed{app: r.app.name, topic: f[0], file: f[1], keySerde: key})
	}
	for _, k := range keys {
		i := slices.IndexFunc(r.feeds, func(f feed) bool { return f.topic == k[0] })
		if i < 0 {
			return fmt.Errorf("-key %s=%s: there is no -feed of that topic; %w", k[0], k[1], errUsage)
		}
		for j := range r.feeds {
			if r.feeds[j].topic == k[0] {
				r.feeds[j].keyField = k[1]
			}
		}
	}
	return r.createInputs(ctx)
}

func (r *run) createInputs(ctx context.Context) error {
	var topics []string
	for _, f := range r.feeds {
		topics = append(topics, f.topic)
	}
	if r.sampling() {
		for _, s := range r.app.samples {
			topics = append(topics, s.topic)
		}
	}
	for _, t := range topics {
		err := r.system.Admin().CreateTopic(ctx, stream.TopicConfig{Name: t, Partitions: partitionsOr(r.Partitions), Replication: r.Replication})
		if err != nil && !errors.Is(err, stream.ErrTopicExists) {
			return fmt.Errorf("creating topic %s: %w", t, err)
		}
	}
	return nil
}

// sampling tells whether inputs make records of their own. They don't write to a
// cluster, where others may be reading.
func (r *run) sampling() bool {
	return r.kafka == nil && len(r.feeds) == 0 && !r.Once && len(r.app.samples) > 0
}
