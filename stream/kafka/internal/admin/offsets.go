package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Committed returns the committed offsets of a group. It waits for the end of transactions
// that have offsets of one of the partitions.
func (a Admin) Committed(ctx context.Context, group string, tps ...stream.TopicPartition) ([]int64, error) {
	offsets := make([]int64, len(tps))
	if len(tps) == 0 {
		return offsets, nil
	}
	err := a.client.SendToCoordinator(ctx, cluster.GroupKey(group), func(node int32) error {
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
		return nil, fmt.Errorf("get the offsets of group %s: %w", group, err)
	}
	return offsets, nil
}

func (a Admin) fetchOffsets(ctx context.Context, node int32, group string, tps []stream.TopicPartition) (map[stream.TopicPartition]int64, error) {
	req, err := cluster.Exchange[*wire.OffsetFetch](ctx, a.client.Link, node, &wire.OffsetFetch{Group: group, Partitions: slices.Compact(cluster.Sorted(tps))})
	if err != nil {
		return nil, err
	}
	if failed := kerr.Code(req.Answer.Code); failed == kerr.GroupNotFound {
		return nil, nil
	} else if failed != 0 {
		return nil, kerr.AccessDenied(failed, "Describe", kerr.GroupResource, group)
	}
	got := make(map[stream.TopicPartition]int64, len(tps))
	for _, p := range req.Answer.Partitions {
		switch failed := kerr.Code(p.Code); failed {
		case 0:
			got[p.TopicPartition] = p.Offset
		case kerr.UnknownTopic: // has no offsets
		default:
			return nil, fmt.Errorf("%s: %w", p.TopicPartition, kerr.AccessDenied(failed, "Describe", kerr.TopicResource, p.Topic))
		}
	}
	return got, nil
}
