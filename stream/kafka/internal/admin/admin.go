package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// An Admin describes and changes topics and groups. It retries what brokers can't answer
// at the moment, as long as the client's patience lasts.
type Admin struct{ client *cluster.Client }

// New returns the administration of a cluster.
func New(c *cluster.Client) Admin { return Admin{client: c} }

// Starts implements stream.Admin.
func (a Admin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.EarliestOffset, cluster.ReadCommitted, tps)
}

// Ends returns the last stable offsets.
func (a Admin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.LatestOffset, cluster.ReadCommitted, tps)
}

// LogEnds returns the high watermarks.
func (a Admin) LogEnds(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.ListOffsets(ctx, cluster.LatestOffset, cluster.ReadUncommitted, tps)
}

// OffsetsAt implements stream.Admin.
func (a Admin) OffsetsAt(ctx context.Context, at int64, tps ...stream.TopicPartition) ([]int64, error) {
	// Negative times have another meaning in the request; no record is older than 0.
	offsets, err := a.client.ListOffsets(ctx, max(at, 0), cluster.ReadCommitted, tps)
	if err != nil || !slices.Contains(offsets, -1) {
		return offsets, err
	}
	// Records that are appended between the two requests may be older than at: to begin
	// behind them does no harm.
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

// DeleteRecords raises the starts of partitions at once. The brokers free whole segments,
// a little later.
func (a Admin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	if err := a.deleteRecords(ctx, before); err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	return nil
}
