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

// Grow returns when every broker that can be reached knows the new partitions and who
// leads them.
func (a Admin) Grow(ctx context.Context, topic string, partitions int32) error {
	if err := a.client.Retry(ctx, func() error { return a.growOnce(ctx, topic, partitions) }); err != nil {
		return fmt.Errorf("giving topic %s %d partitions: %w", topic, partitions, err)
	}
	a.client.Metadata.Forget(topic)
	cfg := stream.TopicConfig{Name: topic, Partitions: partitions}
	if err := a.client.Retry(ctx, func() error { return a.checkKnown(ctx, cfg) }); err != nil {
		return fmt.Errorf("giving topic %s %d partitions: they were made, but aren't ready: %w", topic, partitions, err)
	}
	return nil
}

// growOnce asks the controller, unless somebody else was quicker, or an answer was lost.
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
		return nil // it has them, of which the broker that was asked before didn't know
	}
	return a.controllerError(ctx, err, failed, message, "Alter", topic)
}
