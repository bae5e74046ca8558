package run

import (
	"context"
	"errors"
	"slices"

	"github.com/gretestream/grete/api/internal/program/feed"
	"github.com/gretestream/grete/stream"
)

// inputs lists the input topics that this run writes to, each once.
func (s *settings) inputs() []string {
	var topics []string
	for _, f := range s.feeds {
		topics = append(topics, f.Topic)
	}
	if s.sampling() {
		for _, sample := range s.pipeline.Samples {
			topics = append(topics, sample.Topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// createInputs creates the topics that don't exist, and returns their number. It doesn't
// touch those that do: who may write to them need not be allowed to create them.
func createInputs(ctx context.Context, admin stream.Admin, topics []string, partitions int32, replication int16) (created int, err error) {
	if len(topics) == 0 {
		return 0, nil
	}
	known, err := admin.Partitions(ctx, topics...)
	if err != nil {
		return 0, err
	}
	for _, t := range topics {
		if known[t] > 0 {
			continue
		}
		err := admin.CreateTopic(ctx, stream.TopicConfig{Name: t, Partitions: partitions, Replication: replication})
		switch {
		case err == nil:
			created++
		case !errors.Is(err, stream.ErrTopicExists): // another process may create it at the same time
			return created, err
		}
	}
	return created, nil
}

// whileRunning reports whether a feed goes on while the pipeline runs: that of a stream
// does, unless the run ends with its inputs.
func (s *settings) whileRunning(f feed.Feed) bool { return f.IsStream() && !s.Once }

// feed appends what is new in files, and returns where the topics end then.
func (j *job) feed(ctx context.Context) ([]stream.Position, error) {
	var fed []stream.Position
	for _, f := range j.feeds {
		if j.whileRunning(f) {
			continue
		}
		f.Forgotten, f.Say = j.data.temporary, j.console.Say
		ends, err := f.Run(ctx, j.system)
		if err != nil {
			return nil, err
		}
		fed = append(fed, ends...)
	}
	return fed, nil
}
