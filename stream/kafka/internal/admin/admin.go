package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// An Admin looks at topics and groups, and makes them. What brokers can't answer
// at the moment is asked again for as long as the system's patience lasts.
type Admin struct{ client *cluster.Client }

// New is the administration of a cluster.
func New(c *cluster.Client) Admin { return Admin{client: c} }

// Starts, Ends and LogEnds are the leaders' answers: Ends is the last stable
// offset, LogEnds the high watermark.
func (a Admin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.EarliestOffset, cluster.ReadCommitted, tps)
}

func (a Admin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.LatestOffset, cluster.ReadCommitted, tps)
}

func (a Admin) LogEnds(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.LatestOffset, cluster.ReadUncommitted, tps)
}

func (a Admin) OffsetsAt(ctx context.Context, at int64, tps ...stream.TopicPartition) ([]int64, error) {
	// Negative times have another meaning there; no record's time is before 0.
	offsets, err := a.client.ListOffsets(ctx, max(at, 0), cluster.ReadCommitted, tps)
	if err != nil || !slices.Contains(offsets, -1) {
		return offsets, err
	}
	// What is appended between the two questions may be older than at: it is no
	// harm to begin behind it.
	ends, err := a.Ends(ctx, tps...)
	if err != nil {
		return nil, err
	}
	for i := range offsets {
		if offsets[i] < 0 {
			offsets[i] = ends[i]
		}
	}
	return offsets, nil
}

// DeleteRecords asks the leaders, who raise the partitions' starts at once; the
// disks are freed of whole segments, a little later.
func (a Admin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	if err := a.deleteRecords(ctx, before); err != nil {
		return fmt.Errorf("deleting records: %w", err)
	}
	return nil
}
