package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
)

// needed are the versions of requests that a broker must know: those of Kafka 2.7
// and later.
func needed() map[protocol.ApiKey]int16 {
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

// checkVersions refuses a broker that is too old, or of another kind.
func (c *client) checkVersions(ctx context.Context, node int32) error {
	known, err := c.versions(ctx, node)
	if err != nil {
		return err
	}
	want := needed()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		k, ok := known[key]
		if !ok || k.MaxVersion < want[key] {
			return refuse("broker %d doesn't know %s requests of version %d: Grete needs Kafka 2.7 or later, or what speaks its protocol", node, key, want[key])
		}
		if k.MinVersion > want[key] {
			return refuse("broker %d knows %s requests of version %d no more: it is too new for this version of Grete", node, key, want[key])
		}
	}
	return nil
}

// versions asks which versions of which requests a broker knows.
func (c *client) versions(ctx context.Context, node int32) (map[protocol.ApiKey]apiversions.ApiKeyResponse, error) {
	answer, err := c.link.Exchange(ctx, node, &apiversions.Request{}, probeTimeout)
	if err != nil {
		return nil, fmt.Errorf("asking for the broker's version: %w", err)
	}
	versions := answer.(*apiversions.Response)
	if failed := code(versions.ErrorCode); failed != 0 {
		return nil, fmt.Errorf("asking for the broker's version: %w", failed)
	}
	known := make(map[protocol.ApiKey]apiversions.ApiKeyResponse)
	for _, k := range versions.ApiKeys {
		known[protocol.ApiKey(k.ApiKey)] = k
	}
	return known, nil
}
