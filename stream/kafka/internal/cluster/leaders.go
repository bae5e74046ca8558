package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A leaderRequest sends the part of a request that concerns one leader. mine are the
// indexes of its partitions, and errs are the errors of these, in the same order; err is
// that of the whole request.
type leaderRequest func(ctx context.Context, node int32, mine []int) (errs []error, err error)

// SendToLeaders sends a request to the leaders of partitions, and again where it has
// failed, until all partitions are done. The error of a partition that doesn't exist is
// stream.ErrUnknownTopic.
func (c *Client) SendToLeaders(ctx context.Context, tps []stream.TopicPartition, send leaderRequest) error {
	left := make([]int, len(tps))
	for i := range left {
		left[i] = i
	}
	stale := make(map[string]bool) // topics to refresh
	return c.Retry(ctx, func() error {
		if err := c.findLeaders(ctx, tps, left, stale); err != nil {
			return err
		}
		var failed error
		left, failed = c.sendOnce(ctx, tps, left, send)
		for _, i := range left {
			stale[tps[i].Topic] = true
		}
		return failed
	})
}

// sendOnce sends to each leader once. It returns the partitions that are left, and the
// error of one of them: a final one if there is one.
func (c *Client) sendOnce(ctx context.Context, tps []stream.TopicPartition, todo []int, send leaderRequest) (left []int, failed error) {
	fail := func(i int, err error) {
		left = append(left, i)
		if failed == nil || kerr.Temporary(failed) && !kerr.Temporary(err) {
			failed = fmt.Errorf("%s: %w", tps[i], err)
		}
	}
	byLeader := make(map[int32][]int)
	for _, i := range todo {
		node := c.Metadata.Leader(tps[i]).Node
		byLeader[node] = append(byLeader[node], i)
	}
	for _, node := range slices.Sorted(maps.Keys(byLeader)) {
		mine := byLeader[node]
		if node == NoLeader {
			fail(mine[0], kerr.LeaderNotAvailable)
			left = append(left, mine[1:]...)
			continue
		}
		errs, err := send(ctx, node, mine)
		for k, i := range mine {
			if err != nil {
				fail(i, err)
			} else if errs[k] != nil {
				fail(i, errs[k])
			}
		}
	}
	return left, failed
}

// findLeaders refreshes topics that are stale or have a partition without a known leader.
func (c *Client) findLeaders(ctx context.Context, tps []stream.TopicPartition, some []int, stale map[string]bool) error {
	topics := make(map[string]bool)
	for _, i := range some {
		if stale[tps[i].Topic] || c.Metadata.Leader(tps[i]).Node == NoLeader {
			topics[tps[i].Topic] = true
		}
	}
	if len(topics) > 0 {
		if err := c.RefreshTopics(ctx, slices.Sorted(maps.Keys(topics))); err != nil {
			return err
		}
	}
	clear(stale)
	for _, i := range some {
		if n := c.Metadata.Partitions(tps[i].Topic); tps[i].Partition < 0 || tps[i].Partition >= n && n > 0 {
			return fmt.Errorf("%s: %w: the topic has %d partitions", tps[i], stream.ErrUnknownTopic, n)
		}
	}
	return nil
}

// RefreshTopics refreshes topics. A topic that the cluster doesn't list is a final error:
// nothing will create it.
func (c *Client) RefreshTopics(ctx context.Context, topics []string) error {
	err := c.Metadata.Refresh(ctx, topics...)
	if !errors.Is(err, kerr.UnknownTopic) && !errors.Is(err, kerr.InvalidTopic) {
		return err
	}
	for _, t := range topics {
		if c.Metadata.Partitions(t) == 0 {
			return fmt.Errorf("topic %s: %w", t, stream.ErrUnknownTopic)
		}
	}
	return err
}
