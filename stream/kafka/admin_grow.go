package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/createpartitions"

	"github.com/gretestream/grete/stream"
)

var _ stream.Grower = admin{}

// Grow returns when every broker that can be reached knows the new partitions and who
// leads them.
func (a admin) Grow(ctx context.Context, topic string, partitions int32) error {
	if err := a.client.retry(ctx, func() error { return a.growOnce(ctx, topic, partitions) }); err != nil {
		return fmt.Errorf("giving topic %s %d partitions: %w", topic, partitions, err)
	}
	a.client.cluster.forget(topic)
	cfg := stream.TopicConfig{Name: topic, Partitions: partitions}
	if err := a.client.retry(ctx, func() error { return a.known(ctx, cfg) }); err != nil {
		return fmt.Errorf("giving topic %s %d partitions: they were made, but aren't ready: %w", topic, partitions, err)
	}
	return nil
}

// growOnce asks the controller, unless somebody else was quicker, or an answer was lost.
func (a admin) growOnce(ctx context.Context, topic string, partitions int32) error {
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
	answer, err := exchange[*createpartitions.Response](ctx, a.client.link, a.client.cluster.controllerNode(), req)
	failed, message := code(0), ""
	if err == nil && len(answer.Results) == 1 {
		failed, message = code(answer.Results[0].ErrorCode), answer.Results[0].ErrorMessage
	}
	if failed == invalidPartitions {
		return nil // it has them, of which the broker that was asked before didn't know
	}
	return a.controlled(ctx, err, failed, message, "Alter", topic)
}
