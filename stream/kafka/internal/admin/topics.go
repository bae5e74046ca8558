package admin

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// Settings of a topic, by Kafka's names.
const (
	deleteRetention = "delete.retention.ms"
	retentionTime   = "retention.ms"
	retentionBytes  = "retention.bytes"
	segmentBytes    = "segment.bytes"
	timestampType   = "message.timestamp.type"
)

// Partitions leaves out Kafka's internal topics unless they are named.
func (a Admin) Partitions(ctx context.Context, topics ...string) (map[string]int32, error) {
	found, err := a.metadata(ctx, topics)
	if err != nil {
		return nil, fmt.Errorf("get topics: %w", err)
	}
	partitions := make(map[string]int32, len(found))
	for i := range found {
		if t := &found[i]; len(topics) > 0 || !t.IsInternal {
			partitions[t.Name] = int32(len(t.Partitions))
		}
	}
	return partitions, nil
}

// metadata returns the topics that exist, of these or of all if none is named.
func (a Admin) metadata(ctx context.Context, topics []string) ([]metadata.ResponseTopic, error) {
	var found []metadata.ResponseTopic
	err := a.client.Retry(ctx, func() error {
		var every []string // nil: all
		answer, err := cluster.SendAny[*metadata.Response](ctx, a.client.Metadata, &metadata.Request{TopicNames: append(every, topics...)})
		if err != nil {
			return err
		}
		found = found[:0]
		for i := range answer.Topics {
			t := &answer.Topics[i]
			switch failed := kerr.Code(t.ErrorCode); failed {
			case 0:
				found = append(found, *t)
			case kerr.UnknownTopic, kerr.InvalidTopic: // doesn't exist, or can't
			default:
				return fmt.Errorf("topic %s: %w", t.Name, kerr.AccessDenied(failed, "Describe", kerr.TopicResource, t.Name))
			}
		}
		return nil
	})
	return found, err
}

// Describe implements [stream.Admin].
func (a Admin) Describe(ctx context.Context, topics ...string) (map[string]stream.TopicConfig, error) {
	described := make(map[string]stream.TopicConfig, len(topics))
	if len(topics) == 0 {
		return described, nil
	}
	found, err := a.metadata(ctx, topics)
	if err != nil {
		return nil, fmt.Errorf("get topics: %w", err)
	}
	settings, err := a.settings(ctx, found)
	if err != nil {
		return nil, fmt.Errorf("get the settings of topics: %w", err)
	}
	for i := range found {
		t := &found[i]
		if of, ok := settings[t.Name]; ok {
			described[t.Name] = describeTopic(t, of)
		}
	}
	return described, nil
}

// settings returns the settings of topics, including defaults.
func (a Admin) settings(ctx context.Context, topics []metadata.ResponseTopic) (map[string]map[string]string, error) {
	settings := make(map[string]map[string]string, len(topics))
	if len(topics) == 0 {
		return settings, nil
	}
	req := &describeconfigs.Request{}
	for i := range topics {
		req.Resources = append(req.Resources, describeconfigs.RequestResource{
			ResourceType: cluster.TopicConfigType, ResourceName: topics[i].Name, ConfigNames: []string{cluster.CleanupPolicy, retentionTime, deleteRetention},
		})
	}
	err := a.client.Retry(ctx, func() error {
		answer, err := cluster.SendAny[*describeconfigs.Response](ctx, a.client.Metadata, req)
		if err != nil {
			return err
		}
		for i := range answer.Resources {
			r := &answer.Resources[i]
			switch failed := kerr.Code(r.ErrorCode); failed {
			case 0:
			case kerr.UnknownTopic: // deleted meanwhile
				continue
			default:
				return fmt.Errorf("topic %s: %w", r.ResourceName, kerr.WithMessage(kerr.AccessDenied(failed, "DescribeConfigs", kerr.TopicResource, r.ResourceName), r.ErrorMessage))
			}
			of := make(map[string]string)
			for _, e := range r.ConfigEntries {
				of[e.ConfigName] = e.ConfigValue
			}
			settings[r.ResourceName] = of
		}
		return nil
	})
	return settings, err
}

func describeTopic(t *metadata.ResponseTopic, settings map[string]string) stream.TopicConfig {
	cfg := stream.TopicConfig{Name: t.Name, Partitions: int32(len(t.Partitions)), Cleanup: cleanup(settings[cluster.CleanupPolicy]), Retention: -1}
	for i := range t.Partitions {
		cfg.Replication = int16(max(int(cfg.Replication), len(t.Partitions[i].ReplicaNodes)))
	}
	if cfg.Cleanup != stream.CleanupCompact {
		cfg.Retention = retention(settings[retentionTime])
	}
	if cfg.Cleanup != stream.CleanupDelete {
		cfg.TombstoneRetention = tombstones(settings[deleteRetention])
	}
	return cfg
}

// cleanup converts a list of policies.
func cleanup(policies string) stream.Cleanup {
	var compacts, deletes bool
	for p := range strings.SplitSeq(policies, ",") {
		switch stream.Cleanup(strings.TrimSpace(p)) {
		case stream.CleanupCompact:
			compacts = true
		case stream.CleanupDelete:
			deletes = true
		}
	}
	switch {
	case compacts && deletes:
		return stream.CleanupCompactDelete
	case compacts:
		return stream.CleanupCompact
	case deletes:
		return stream.CleanupDelete
	}
	return stream.Cleanup(policies)
}

// retention is negative if it is unlimited, or too long for a Duration.
func retention(setting string) time.Duration {
	ms, err := strconv.ParseInt(setting, 10, 64)
	if err != nil || ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return -1
	}
	return max(time.Duration(ms)*time.Millisecond, 1) // 0 would mean the default
}

// tombstones is a day, the brokers' default, if it is unknown, and 0 if it is too long for
// a Duration.
func tombstones(setting string) time.Duration {
	ms, err := strconv.ParseInt(setting, 10, 64)
	if err != nil || ms < 0 {
		return 24 * time.Hour
	}
	if ms > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return max(time.Duration(ms)*time.Millisecond, 1)
}
