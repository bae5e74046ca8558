package cluster

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// An isolation level says which records count.
type isolation int8

const (
	ReadUncommitted isolation = iota
	ReadCommitted
)

// ListOffsets returns, in the order of tps, the offset of the first record that isn't
// older than at, or -1. at may be LatestOffset or EarliestOffset. Failures that pass are
// retried.
func (c *Client) ListOffsets(ctx context.Context, at int64, among isolation, tps []stream.TopicPartition) ([]int64, error) {
	offsets := make([]int64, len(tps))
	err := c.SendToLeaders(ctx, tps, func(ctx context.Context, node int32, mine []int) ([]error, error) {
		answer, err := Exchange[*listoffsets.Response](ctx, c.Link, node, listRequest(at, among, tps, mine))
		if err != nil {
			return nil, err
		}
		got := make(map[stream.TopicPartition]listoffsets.ResponsePartition, len(mine))
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				got[stream.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p
			}
		}
		errs := make([]error, len(mine))
		for k, i := range mine {
			p, ok := got[tps[i]]
			switch failed := kerr.Code(p.ErrorCode); {
			case !ok:
				errs[k] = &kerr.UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: kerr.ErrOmitted}
			case failed != 0:
				errs[k] = kerr.AccessDenied(failed, "Describe", kerr.TopicResource, tps[i].Topic)
			default:
				offsets[i] = p.Offset
			}
		}
		return errs, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	return offsets, nil
}

func listRequest(at int64, among isolation, tps []stream.TopicPartition, mine []int) *listoffsets.Request {
	req := &listoffsets.Request{ReplicaID: anyReplica, IsolationLevel: int8(among)}
	for _, topic := range ByTopic(mine, func(i int) string { return tps[i].Topic }) {
		t := listoffsets.RequestTopic{Topic: tps[topic[0]].Topic}
		asked := make(map[int32]bool, len(topic)) // a broker refuses a partition that is listed twice
		for _, i := range topic {
			if p := tps[i].Partition; !asked[p] {
				asked[p] = true
				t.Partitions = append(t.Partitions, listoffsets.RequestPartition{Partition: p, CurrentLeaderEpoch: noLeaderEpoch, Timestamp: at})
			}
		}
		req.Topics = append(req.Topics, t)
	}
	return req
}
