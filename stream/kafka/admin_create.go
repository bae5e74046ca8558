package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
)

// createTimeout is how long the controller may wait for the brokers to have the
// topic.
const createTimeout = requestTimeout / 2

// CreateTopic returns when every broker that can be reached knows the topic and
// who leads its partitions.
func (a admin) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	cfg, err := cfg.Check()
	if err != nil {
		return err
	}
	if err := a.createTopic(ctx, cfg); err != nil {
		return fmt.Errorf("create topic %s: %w", cfg.Name, err)
	}
	a.client.cluster.forget(cfg.Name)
	if err := a.client.retry(ctx, func() error { return a.known(ctx, cfg) }); err != nil {
		return fmt.Errorf("create topic %s: it was made, but isn't ready: %w", cfg.Name, err)
	}
	return nil
}

func (a admin) createTopic(ctx context.Context, cfg stream.TopicConfig) error {
	unanswered := false // it may be that we have made it
	return a.client.retry(ctx, func() error {
		err := a.askController(ctx, cfg)
		var away *UnreachableError
		switch {
		case errors.As(err, &away), errors.Is(err, requestTimedOut):
			unanswered = true
		case unanswered && errors.Is(err, topicExists):
			n, asking := a.Partitions(ctx, cfg.Name)
			if asking != nil {
				return asking
			}
			if n[cfg.Name] == cfg.Partitions {
				return nil
			}
		}
		return err
	})
}

// askController asks once. Who isn't the controller is asked no more.
func (a admin) askController(ctx context.Context, cfg stream.TopicConfig) error {
	req := &createtopics.Request{TimeoutMs: int32(createTimeout.Milliseconds()), Topics: []createtopics.RequestTopic{newTopic(cfg)}}
	answer, err := exchange[*createtopics.Response](ctx, a.client.link, a.client.cluster.controllerNode(), req)
	failed, message := code(0), ""
	if err == nil && len(answer.Topics) == 1 {
		failed, message = code(answer.Topics[0].ErrorCode), answer.Topics[0].ErrorMessage
	}
	return a.controlled(ctx, err, failed, message, "Create", cfg.Name)
}

// controlled is what a controller's answer means, or that there was none.
func (a admin) controlled(ctx context.Context, err error, failed code, message, operation, topic string) error {
	if err != nil || failed == notController {
		if refreshing := a.client.cluster.refresh(ctx); refreshing != nil && !temporary(refreshing) {
			return refreshing
		}
	}
	if err != nil || failed == 0 {
		return err
	}
	return explained(denied(failed, operation, topicResource, topic), message)
}

// smallSegment is the size of segments where a broker's 1 GiB would be a burden.
const smallSegment = 50 << 20

// newTopic says what is set. Everything else is the broker's default.
func newTopic(cfg stream.TopicConfig) createtopics.RequestTopic {
	t := createtopics.RequestTopic{Name: cfg.Name, NumPartitions: cfg.Partitions, ReplicationFactor: cfg.Replication}
	if cfg.Replication == 0 {
		t.ReplicationFactor = -1 // the broker's default
	}
	set := func(name, value string) {
		t.Configs = append(t.Configs, createtopics.RequestConfig{Name: name, Value: value})
	}
	set(cleanupPolicy, string(cfg.Cleanup))
	// A record's time is what it was sent with: OffsetsAt and its readers rely on it.
	set(timestampType, "CreateTime")
	switch {
	case cfg.Cleanup == stream.CleanupCompact:
		// The segment that is written to is never compacted: who reads a changelog from
		// its start reads all of it.
		set(segmentBytes, strconv.Itoa(smallSegment))
	case cfg.Retention < 0:
		set(retentionTime, "-1")
		set(retentionBytes, "-1")
		// DeleteRecords frees whole segments only.
		set(segmentBytes, strconv.Itoa(smallSegment))
	case cfg.Retention > 0:
		set(retentionTime, strconv.FormatInt(max(cfg.Retention, time.Millisecond).Milliseconds(), 10))
	}
	return t
}

// known returns an error as long as a broker doesn't know a new topic, so that
// nobody is told that it doesn't exist.
func (a admin) known(ctx context.Context, cfg stream.TopicConfig) error {
	if err := a.client.cluster.refresh(ctx, cfg.Name); err != nil {
		return err
	}
	asked := false
	for _, b := range a.client.cluster.known() {
		answer, err := a.client.link.Exchange(ctx, b.node, &metadata.Request{TopicNames: []string{cfg.Name}}, probeTimeout)
		if err != nil && temporary(err) {
			continue // who isn't there now learns of the topic before he is asked
		}
		if err != nil {
			return err
		}
		if err := ready(answer.(*metadata.Response), cfg); err != nil {
			return fmt.Errorf("broker %d: %w", b.node, err)
		}
		asked = true
	}
	if !asked {
		return &UnreachableError{Err: errors.New("no broker can be asked for it")}
	}
	return nil
}

func ready(answer *metadata.Response, cfg stream.TopicConfig) error {
	if len(answer.Topics) != 1 {
		return unknownTopic
	}
	t := &answer.Topics[0]
	if failed := code(t.ErrorCode); failed != 0 {
		return denied(failed, "Describe", topicResource, cfg.Name)
	}

	if len(t.Partitions) < int(cfg.Partitions) || slices.ContainsFunc(t.Partitions, leaderless) {
		return leaderNotAvailable
	}
	return nil
}

func leaderless(p metadata.ResponsePartition) bool { return p.LeaderID == noLeader }
