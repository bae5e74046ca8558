package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
)

// needed are the versions of requests that a broker must know: those of Kafka 2.7
// and later.
func needed() map[protocol.ApiKey]int16 {
	return map[protocol.ApiKey]int16{
		protocol.Produce:         8,
		protocol.Fetch:           11,
		protocol.ListOffsets:     5,
		protocol.Metadata:        8,
		protocol.OffsetFetch:     7,
		protocol.TxnOffsetCommit: 3,
		protocol.InitProducerId:  4,
		protocol.DeleteRecords:   1,
	}
}

// checkVersions refuses brokers that are too old, or of another kind.
func (s *System) checkVersions(ctx context.Context) error {
	answer, err := exchange[*apiversions.Response](ctx, s.link, anyBroker, &apiversions.Request{})
	if err != nil {
		return fmt.Errorf("asking for the broker's version: %w", err)
	}
	if failed := code(answer.ErrorCode); failed != 0 {
		return fmt.Errorf("asking for the broker's version: %w", failed)
	}
	known := make(map[protocol.ApiKey]int16)
	for _, k := range answer.ApiKeys {
		known[protocol.ApiKey(k.ApiKey)] = k.MaxVersion
	}
	for key, version := range needed() {
		if at, ok := known[key]; !ok || at < version {
			return fmt.Errorf("the broker doesn't know %s requests of version %d: Grete needs Kafka 2.7 or later, or what speaks its protocol", key, version)
		}
	}
	return nil
}
