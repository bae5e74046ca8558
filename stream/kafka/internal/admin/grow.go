package admin

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/createpartitions"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

var _ stream.Grower = Admin{}

// Grow returns when every reachable broker knows the new partitions and their leaders.
func (a Admin) Grow(ctx context.Context, topic string, partitions int32) error {
	if err := a.client.Retry(ctx, func() error { return a.growOnce(ctx, topic, partitions) }); err != nil {
		return fmt.Errorf("grow topic %s to %d partitions: %w", topic, partitions, err)
	}
	a.client.Metadata.Forget(topic)
	cfg := stream.TopicConfig{Name: topic, Partitions: partitions}
	if err := a.client.Retry(ctx, func() error { return a.checkKnown(ctx, cfg) }); err != nil {
		return fmt.Errorf("grow topic %s to %d partitions: they were created, but aren't ready: %w", topic, partitions, err)
	}
	return nil
}

// growOnce sends the request to the controller, unless the topic has the partitions
// already.
func (a Admin) growOnce(ctx context.Context, topic string, partitions int32) error {
	has, err := a.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	if has[topic] == 0 {
		return stream.ErrUnknownTopic
	}
	if has[topic] >= partitions {
		return nil
	}
	req := &createpartitions.Request{TimeoutMs: int32(createTimeout.Milliseconds()), Topics: []createpartitions.RequestTopic{{Name: topic, Count: partitions}}}
	answer, err := cluster.Exchange[*createpartitions.Response](ctx, a.client.Link, a.client.Metadata.Controller(), req)
	failed, message := kerr.Code(0), ""
	if err == nil && len(answer.Results) == 1 {
		failed, message = kerr.Code(answer.Results[0].ErrorCode), answer.Results[0].ErrorMessage
	}
	if failed == kerr.InvalidPartitions {
		return nil // it has them, which the first broker did not know
	}
	return a.controllerError(ctx, err, failed, message, "Alter", topic)
}
