package admin

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
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// createTimeout is how long the controller may wait until the brokers have the topic.
const createTimeout = link.RequestTimeout / 2

// CreateTopic returns when every reachable broker knows the topic and the leaders of its
// partitions.
func (a Admin) CreateTopic(ctx context.Context, cfg stream.TopicConfig) error {
	cfg, err := cfg.Check()
	if err != nil {
		return err
	}
	if err := a.createTopic(ctx, cfg); err != nil {
		return fmt.Errorf("create topic %s: %w", cfg.Name, err)
	}
	a.client.Metadata.Forget(cfg.Name)
	if err := a.client.Retry(ctx, func() error { return a.checkKnown(ctx, cfg) }); err != nil {
		return fmt.Errorf("create topic %s: it was created, but isn't ready: %w", cfg.Name, err)
	}
	return nil
}

func (a Admin) createTopic(ctx context.Context, cfg stream.TopicConfig) error {
	unanswered := false // then an earlier attempt may have created it
	return a.client.Retry(ctx, func() error {
		err := a.createOnce(ctx, cfg)
		var away *kerr.UnreachableError
		switch {
		case errors.As(err, &away), errors.Is(err, kerr.RequestTimedOut):
			unanswered = true
		case unanswered && errors.Is(err, kerr.TopicExists):
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

// createOnce sends the request to the controller, once.
func (a Admin) createOnce(ctx context.Context, cfg stream.TopicConfig) error {
	req := &createtopics.Request{TimeoutMs: int32(createTimeout.Milliseconds()), Topics: []createtopics.RequestTopic{newTopic(cfg)}}
	answer, err := cluster.Exchange[*createtopics.Response](ctx, a.client.Link, a.client.Metadata.Controller(), req)
	failed, message := kerr.Code(0), ""
	if err == nil && len(answer.Topics) == 1 {
		failed, message = kerr.Code(answer.Topics[0].ErrorCode), answer.Topics[0].ErrorMessage
	}
	return a.controllerError(ctx, err, failed, message, "Create", cfg.Name)
}

// controllerError interprets the controller's answer, or its absence.
func (a Admin) controllerError(ctx context.Context, err error, failed kerr.Code, message, operation, topic string) error {
	if err != nil || failed == kerr.NotController {
		if refreshing := a.client.Metadata.Refresh(ctx); refreshing != nil && !kerr.Temporary(refreshing) {
			return refreshing
		}
	}
	if err != nil || failed == 0 {
		return err
	}
	return kerr.WithMessage(kerr.AccessDenied(failed, operation, kerr.TopicResource, topic), message)
}

// smallSegment is the segment size where the brokers' default of 1 GiB would be a burden.
const smallSegment = 50 << 20

// newTopic sets what differs from the broker's defaults.
func newTopic(cfg stream.TopicConfig) createtopics.RequestTopic {
	t := createtopics.RequestTopic{Name: cfg.Name, NumPartitions: cfg.Partitions, ReplicationFactor: cfg.Replication}
	if cfg.Replication == 0 {
		t.ReplicationFactor = -1 // the broker's default
	}
	set := func(name, value string) {
		t.Configs = append(t.Configs, createtopics.RequestConfig{Name: name, Value: value})
	}
	set(cluster.CleanupPolicy, string(cfg.Cleanup))
	// Records keep the time that they were sent with: OffsetsAt relies on it.
	set(timestampType, "CreateTime")
	switch {
	case cfg.Cleanup == stream.CleanupCompact:
		// The active segment is never compacted, and a restore reads all of it.
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

// checkKnown returns an error while a broker doesn't know a new topic, so that no client
// gets the error that it doesn't exist.
func (a Admin) checkKnown(ctx context.Context, cfg stream.TopicConfig) error {
	if err := a.client.Metadata.Refresh(ctx, cfg.Name); err != nil {
		return err
	}
	asked := false
	for _, b := range a.client.Metadata.Brokers() {
		answer, err := a.client.Link.Exchange(ctx, b.Node, &metadata.Request{TopicNames: []string{cfg.Name}}, cluster.ProbeTimeout)
		if err != nil && kerr.Temporary(err) {
			continue // the broker learns of the topic before it is available again
		}
		if err != nil {
			return err
		}
		if err := ready(answer.(*metadata.Response), cfg); err != nil {
			return fmt.Errorf("broker %d: %w", b.Node, err)
		}
		asked = true
	}
	if !asked {
		return &kerr.UnreachableError{Err: errors.New("no broker is reachable")}
	}
	return nil
}

// ready checks a broker's answer: each partition needs a leader.
func ready(answer *metadata.Response, cfg stream.TopicConfig) error {
	if len(answer.Topics) != 1 {
		return kerr.UnknownTopic
	}
	t := &answer.Topics[0]
	if failed := kerr.Code(t.ErrorCode); failed != 0 {
		return kerr.AccessDenied(failed, "Describe", kerr.TopicResource, cfg.Name)
	}

	if len(t.Partitions) < int(cfg.Partitions) || slices.ContainsFunc(t.Partitions, leaderless) {
		return kerr.LeaderNotAvailable
	}
	return nil
}

func leaderless(p metadata.ResponsePartition) bool { return p.LeaderID == cluster.NoLeader }
