package admin

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// deleteTimeout is how long a leader may wait for its followers.
const deleteTimeout = link.RequestTimeout / 2

func (a Admin) deleteRecords(ctx context.Context, before []stream.Position) error {
	tps := make([]stream.TopicPartition, len(before))
	for i, p := range before {
		tps[i] = p.TopicPartition
		if p.Offset < 0 { // -1 would mean the end
			return a.outOfRange(ctx, p)
		}
	}
	var refused []stream.Position
	err := a.client.SendToLeaders(ctx, tps, func(ctx context.Context, node int32, mine []int) ([]error, error) {
		got, err := a.deleteAt(ctx, node, before, mine)
		if err != nil {
			return nil, err
		}
		errs := make([]error, len(mine))
		for k, i := range mine {
			if got[k] == kerr.OffsetOutOfRange {
				refused = append(refused, before[i])
				continue
			}
			errs[k] = deleteError(got[k], before[i].Topic)
		}
		return errs, nil
	})
	for _, p := range refused {
		if err == nil {
			err = a.outOfRange(ctx, p)
		}
	}
	return err
}

// deleteAt sends the request to one leader.
func (a Admin) deleteAt(ctx context.Context, node int32, before []stream.Position, mine []int) ([]kerr.Code, error) {
	req := &wire.DeleteRecords{Timeout: int32(deleteTimeout.Milliseconds())}
	for _, topic := range cluster.ByTopic(mine, func(i int) string { return before[i].Topic }) {
		for _, i := range topic {
			req.Before = append(req.Before, before[i])
		}
	}
	req, err := cluster.Exchange[*wire.DeleteRecords](ctx, a.client.Link, node, req)
	if err != nil {
		return nil, err
	}
	got := make(map[stream.TopicPartition]kerr.Code, len(mine))
	for _, d := range req.Answer {
		got[d.TopicPartition] = kerr.Code(d.Code)
	}
	codes := make([]kerr.Code, len(mine))
	for k, i := range mine {
		var ok bool
		if codes[k], ok = got[before[i].TopicPartition]; !ok {
			codes[k] = kerr.NetworkException // retried
		}
	}
	return codes, nil
}

// deleteError explains the code of a partition.
func deleteError(c kerr.Code, topic string) error {
	switch c {
	case 0:
		return nil
	case kerr.PolicyViolation:
		return fmt.Errorf("%w: brokers delete records of topics with cleanup.policy=delete only, which %s is not", c, topic)
	}
	return kerr.AccessDenied(c, "Delete", kerr.TopicResource, topic)
}

// outOfRange returns the range that the partition has. It returns nil if the records are
// deleted already, even if one broker doesn't know yet.
func (a Admin) outOfRange(ctx context.Context, p stream.Position) error {
	starts, err := a.Starts(ctx, p.TopicPartition)
	if err != nil {
		return err
	}
	ends, err := a.Ends(ctx, p.TopicPartition)
	if err != nil || p.Offset >= 0 && p.Offset <= starts[0] {
		return err
	}
	return &stream.OffsetOutOfRangeError{TopicPartition: p.TopicPartition, Offset: p.Offset, Start: starts[0], End: ends[0]}
}
