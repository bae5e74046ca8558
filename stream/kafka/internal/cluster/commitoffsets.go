package cluster

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/offsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// CommitOffsets sets the offsets of a group outside a transaction.
func (c *Client) CommitOffsets(ctx context.Context, offsets stream.GroupOffsets) error {
	if len(offsets.Positions) == 0 {
		return nil
	}
	req := &offsetcommit.Request{
		GroupID: offsets.Group, GenerationID: GenerationOf(offsets), MemberID: offsets.Member, GroupInstanceID: offsets.Instance,
	}
	for _, positions := range ByTopic(offsets.Positions, func(p stream.Position) string { return p.Topic }) {
		topic := offsetcommit.RequestTopic{Name: positions[0].Topic}
		for _, p := range positions {
			topic.Partitions = append(topic.Partitions, offsetcommit.RequestPartition{
				PartitionIndex: p.Partition, CommittedOffset: p.Offset, CommittedLeaderEpoch: noLeaderEpoch,
			})
		}
		req.Topics = append(req.Topics, topic)
	}
	err := c.SendToCoordinator(ctx, GroupKey(offsets.Group), func(node int32) error {
		answer, err := Exchange[*offsetcommit.Response](ctx, c.Link, node, req)
		if err != nil {
			return err
		}
		for _, topic := range answer.Topics {
			for _, p := range topic.Partitions {
				if err := c.commitError(ctx, kerr.Code(p.ErrorCode), offsets, topic.Name); err != nil {
					return fmt.Errorf("%s: %w", stream.TopicPartition{Topic: topic.Name, Partition: p.PartitionIndex}, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit the offsets of group %s: %w", offsets.Group, err)
	}
	return nil
}

// commitError explains why the offset of a partition wasn't committed.
func (c *Client) commitError(ctx context.Context, failed kerr.Code, offsets stream.GroupOffsets, topic string) error {
	if err := MemberError(failed, offsets); err != nil {
		return err
	}
	switch failed {
	case 0:
		return nil
	case kerr.GroupDenied:
		return kerr.AccessDenied(failed, "Read", kerr.GroupResource, offsets.Group)
	case kerr.UnknownTopic:
		if err := c.RefreshTopics(ctx, []string{topic}); err != nil {
			return err
		}
	}
	return kerr.AccessDenied(failed, "Read", kerr.TopicResource, topic)
}

// MemberError explains a refusal that concerns the committing member; nil if the code is
// of another kind.
func MemberError(c kerr.Code, offsets stream.GroupOffsets) error {
	switch {
	case !c.OfMember() || c == 0:
		return nil
	case offsets.Generation == 0:
		return fmt.Errorf("%w: the group has active members; stop them, or use another group", c)
	case c == kerr.FencedInstance:
		return fmt.Errorf("%w: %w: %q", stream.ErrReplaced, c, offsets.Instance)
	}
	return fmt.Errorf("%w: %w: member %s of generation %d", stream.ErrStaleGeneration, c, offsets.Member, offsets.Generation)
}

// GenerationOf returns the generation of offsets as Kafka numbers it.
func GenerationOf(offsets stream.GroupOffsets) int32 {
	if offsets.Generation == 0 {
		return NoGeneration
	}
	return offsets.Generation
}
