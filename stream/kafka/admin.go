package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// An admin looks at topics and groups, and makes them. What brokers can't answer
// at the moment is asked again for as long as the system's patience lasts.
type admin struct{ client *client }

// newAdmin is the administration of a cluster.
func newAdmin(c *client) admin { return admin{client: c} }

// Starts, Ends and LogEnds are the leaders' answers: Ends is the last stable
// offset, LogEnds the high watermark.
func (a admin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.listOffsets(ctx, earliestOffset, committedOnly, tps)
}

func (a admin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.listOffsets(ctx, latestOffset, committedOnly, tps)
}

func (a admin) LogEnds(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return a.client.listOffsets(ctx, latestOffset, uncommittedToo, tps)
}

func (a admin) OffsetsAt(ctx context.Context, at int64, tps ...stream.TopicPartition) ([]int64, error) {
	// Negative times have another meaning there; no record's time is before 0.
	offsets, err := a.client.listOffsets(ctx, max(at, 0), committedOnly, tps)
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
func (a admin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	if err := a.deleteRecords(ctx, before); err != nil {
		return fmt.Errorf("deleting records: %w", err)
	}
	return nil
}
