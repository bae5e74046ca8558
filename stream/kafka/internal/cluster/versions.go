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

// requiredVersions are the versions of requests that a broker must know: those of Kafka 2.7
// and later.
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

// CheckVersions refuses a broker that is too old, or of another kind.
func (c *Client) CheckVersions(ctx context.Context, node int32) error {
	known, err := c.Versions(ctx, node)
	if err != nil {
		return err
	}
	want := requiredVersions()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		k, ok := known[key]
		if !ok || k.MaxVersion < want[key] {
			return kerr.Refuse("broker %d doesn't know %s requests of version %d: Grete needs Kafka 2.7 or later, or what speaks its protocol", node, key, want[key])
		}
		if k.MinVersion > want[key] {
			return kerr.Refuse("broker %d knows %s requests of version %d no more: it is too new for this version of Grete", node, key, want[key])
		}
	}
	return nil
}

// Versions asks which versions of which requests a broker knows.
func (c *Client) Versions(ctx context.Context, node int32) (map[protocol.ApiKey]apiversions.ApiKeyResponse, error) {
	answer, err := c.Link.Exchange(ctx, node, &apiversions.Request{}, ProbeTimeout)
	if err != nil {
		return nil, fmt.Errorf("asking for the broker's version: %w", err)
	}
	versions := answer.(*apiversions.Response)
	if failed := kerr.Code(versions.ErrorCode); failed != 0 {
		return nil, fmt.Errorf("asking for the broker's version: %w", failed)
	}
	known := make(map[protocol.ApiKey]apiversions.ApiKeyResponse)
	for _, k := range versions.ApiKeys {
		known[protocol.ApiKey(k.ApiKey)] = k
	}
	return known, nil
}
