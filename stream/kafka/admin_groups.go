package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go/protocol/offsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Committed asks the group's coordinator. While a transaction with offsets of one
// of the partitions is under way it waits for its end.
func (a admin) Committed(ctx context.Context, group string, tps ...stream.TopicPartition) ([]int64, error) {
	offsets := make([]int64, len(tps))
	if len(tps) == 0 {
		return offsets, nil
	}
	err := a.askCoordinator(ctx, groupOf(group), func(node int32) error {
		got, err := a.fetchOffsets(ctx, node, group, tps)
		for i, tp := range tps {
			offset, ok := got[tp]
			if !ok {
				offset = -1
			}
			offsets[i] = offset
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the offsets of group %s: %w", group, err)
	}
	return offsets, nil
}

func (a admin) fetchOffsets(ctx context.Context, node int32, group string, tps []stream.TopicPartition) (map[stream.TopicPartition]int64, error) {
	req, err := exchange[*wire.OffsetFetch](ctx, a.link, node, &wire.OffsetFetch{Group: group, Partitions: slices.Compact(inOrder(tps))})
	if err != nil {
		return nil, err
	}
	if failed := code(req.Answer.Code); failed == groupMissing {
		return nil, nil
	} else if failed != 0 {
		return nil, denied(failed, "Describe", groupResource, group)
	}
	got := make(map[stream.TopicPartition]int64, len(tps))
	for _, p := range req.Answer.Partitions {
		switch failed := code(p.Code); failed {
		case 0:
			got[p.TopicPartition] = p.Offset
		case unknownTopic: // has no offsets
		default:
			return nil, fmt.Errorf("%s: %w", p.TopicPartition, denied(failed, "Describe", topicResource, p.Topic))
		}
	}
	return got, nil
}

// askCoordinator asks whoever coordinates until there is an answer.
func (s *System) askCoordinator(ctx context.Context, what coordinated, ask func(node int32) error) error {
	began, logged := s.link.Now(), false
	err := s.retry(ctx, func() error {
		err := s.tryCoordinator(ctx, what, ask)
		if !logged && errors.Is(err, coordinatorAway) && s.link.Now().Sub(began) >= stallAfter {
			logged = true
			s.log.Warn("a coordinator is away; trying on", "error", s.coordinators.explain(ctx, err, what))
		}
		return err
	})
	return s.coordinators.explain(ctx, err, what)
}

func (s *System) tryCoordinator(ctx context.Context, what coordinated, ask func(node int32) error) error {
	node, err := s.coordinators.find(ctx, what)
	if err != nil {
		return err
	}
	err = ask(node)
	var away *UnreachableError
	if failed := code(0); errors.As(err, &failed) && failed.notCoordinating() || errors.As(err, &away) {
		s.coordinators.forget(what)
	}
	return err
}

// commitOffsets sets a group's offsets, without a transaction.
func (s *System) commitOffsets(ctx context.Context, offsets stream.GroupOffsets) error {
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
	err := s.askCoordinator(ctx, groupOf(offsets.Group), func(node int32) error {
		answer, err := exchange[*offsetcommit.Response](ctx, s.link, node, req)
		if err != nil {
			return err
		}
		for _, topic := range answer.Topics {
			for _, p := range topic.Partitions {
				if err := s.uncommitted(ctx, code(p.ErrorCode), offsets, topic.Name); err != nil {
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
func (s *System) uncommitted(ctx context.Context, c code, offsets stream.GroupOffsets, topic string) error {
	if err := memberless(c, offsets); err != nil {
		return err
	}
	switch c {
	case 0:
		return nil
	case groupDenied:
		return denied(c, "Read", groupResource, offsets.Group)
	case unknownTopic:
		if err := s.refreshAll(ctx, []string{topic}); err != nil {
			return err
		}
	}
	return denied(c, "Read", topicResource, topic)
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
