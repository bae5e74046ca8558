package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// requiredVersions are the request versions that a broker must support. Kafka 2.7 and
// later do.
func requiredVersions() map[protocol.ApiKey]int16 {
	return map[protocol.ApiKey]int16{
		protocol.Produce:          8,
		protocol.Fetch:            11,
		protocol.ListOffsets:      5,
		protocol.Metadata:         8,
		protocol.OffsetCommit:     7,
		protocol.OffsetFetch:      7,
		protocol.TxnOffsetCommit:  3,
		protocol.JoinGroup:        5,
		protocol.SyncGroup:        3,
		protocol.Heartbeat:        3,
		protocol.LeaveGroup:       3,
		protocol.DescribeGroups:   4,
		protocol.InitProducerId:   4,
		protocol.CreateTopics:     4,
		protocol.CreatePartitions: 1,
		protocol.DescribeConfigs:  1,
		protocol.DeleteRecords:    1,
	}
}

// CheckVersions refuses a broker that is too old, too new, or of another kind.
func (c *Client) CheckVersions(ctx context.Context, node int32) error {
	known, err := c.Versions(ctx, node)
	if err != nil {
		return err
	}
	want := requiredVersions()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		k, ok := known[key]
		if !ok || k.MaxVersion < want[key] {
			return kerr.Refuse("broker %d doesn't support version %[3]d of %[2]s requests: Grete needs Kafka 2.7 or later, or a system with its protocol", node, key, want[key])
		}
		if k.MinVersion > want[key] {
			return kerr.Refuse("broker %d no longer supports version %[3]d of %[2]s requests: this version of Grete is too old for it", node, key, want[key])
		}
	}
	return nil
}

// Versions returns the request versions that a broker supports.
func (c *Client) Versions(ctx context.Context, node int32) (map[protocol.ApiKey]apiversions.ApiKeyResponse, error) {
	answer, err := c.Link.Exchange(ctx, node, &apiversions.Request{}, ProbeTimeout)
	if err != nil {
		return nil, fmt.Errorf("get the broker's version: %w", err)
	}
	versions := answer.(*apiversions.Response)
	if failed := kerr.Code(versions.ErrorCode); failed != 0 {
		return nil, fmt.Errorf("get the broker's version: %w", failed)
	}
	known := make(map[protocol.ApiKey]apiversions.ApiKeyResponse)
	for _, k := range versions.ApiKeys {
		known[protocol.ApiKey(k.ApiKey)] = k
	}
	return known, nil
}
