package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/offsetcommit"

	"github.com/gretestream/grete/stream"
)

// commitOffsets sets a group's offsets, without a transaction.
func (c *client) commitOffsets(ctx context.Context, offsets stream.GroupOffsets) error {
	if len(offsets.Positions) == 0 {
		return nil
	}
	req := &offsetcommit.Request{
		GroupID: offsets.Group, GenerationID: generationOf(offsets), MemberID: offsets.Member, GroupInstanceID: offsets.Instance,
	}
	for _, positions := range inTopics(offsets.Positions, func(p stream.Position) string { return p.Topic }) {
		topic := offsetcommit.RequestTopic{Name: positions[0].Topic}
		for _, p := range positions {
			topic.Partitions = append(topic.Partitions, offsetcommit.RequestPartition{
				PartitionIndex: p.Partition, CommittedOffset: p.Offset, CommittedLeaderEpoch: anyEpoch,
			})
		}
		req.Topics = append(req.Topics, topic)
	}
	err := c.askCoordinator(ctx, groupOf(offsets.Group), func(node int32) error {
		answer, err := exchange[*offsetcommit.Response](ctx, c.link, node, req)
		if err != nil {
			return err
		}
		for _, topic := range answer.Topics {
			for _, p := range topic.Partitions {
				if err := c.uncommitted(ctx, code(p.ErrorCode), offsets, topic.Name); err != nil {
					return fmt.Errorf("%s: %w", stream.TopicPartition{Topic: topic.Name, Partition: p.PartitionIndex}, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("committing the offsets of group %s: %w", offsets.Group, err)
	}
	return nil
}

// uncommitted explains why a partition's offset wasn't committed.
func (c *client) uncommitted(ctx context.Context, failed code, offsets stream.GroupOffsets, topic string) error {
	if err := memberless(failed, offsets); err != nil {
		return err
	}
	switch failed {
	case 0:
		return nil
	case groupDenied:
		return denied(failed, "Read", groupResource, offsets.Group)
	case unknownTopic:
		if err := c.refreshAll(ctx, []string{topic}); err != nil {
			return err
		}
	}
	return denied(failed, "Read", topicResource, topic)
}

// memberless explains a refusal that is for who commits; nil if it isn't.
func memberless(c code, offsets stream.GroupOffsets) error {
	switch {
	case !c.ofMembers() || c == 0:
		return nil
	case offsets.Generation == 0:
		return fmt.Errorf("%w: the group has members: stop them, or use another group", c)
	case c == fencedInstance:
		return fmt.Errorf("%w: %w: %q", stream.ErrReplaced, c, offsets.Instance)
	}
	return fmt.Errorf("%w: %w: member %s of generation %d", stream.ErrStaleGeneration, c, offsets.Member, offsets.Generation)
}

// generationOf is the generation of offsets, by Kafka's numbers.
func generationOf(offsets stream.GroupOffsets) int32 {
	if offsets.Generation == 0 {
		return noGeneration
	}
	return offsets.Generation
}
