package kafka

import (
	"context"
	"fmt"
	"slices"

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
	err := a.client.askCoordinator(ctx, groupOf(group), func(node int32) error {
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
	req, err := exchange[*wire.OffsetFetch](ctx, a.client.link, node, &wire.OffsetFetch{Group: group, Partitions: slices.Compact(inOrder(tps))})
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
