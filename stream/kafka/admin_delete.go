package kafka

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// deleteTimeout is how long a leader may wait for its followers to do it, too.
const deleteTimeout = requestTimeout / 2

func (a admin) deleteRecords(ctx context.Context, before []stream.Position) error {
	tps := make([]stream.TopicPartition, len(before))
	for i, p := range before {
		tps[i] = p.TopicPartition
		if p.Offset < 0 { // -1 would mean the end
			return a.outside(ctx, p)
		}
	}
	var refused []stream.Position
	err := a.client.askLeaders(ctx, tps, func(ctx context.Context, node int32, mine []int) ([]error, error) {
		got, err := a.deleteAt(ctx, node, before, mine)
		if err != nil {
			return nil, err
		}
		errs := make([]error, len(mine))
		for k, i := range mine {
			if got[k] == offsetOutOfRange {
				refused = append(refused, before[i])
				continue
			}
			errs[k] = undeleted(got[k], before[i].Topic)
		}
		return errs, nil
	})
	for _, p := range refused {
		if err == nil {
			err = a.outside(ctx, p)
		}
	}
	return err
}

// deleteAt asks one leader.
func (a admin) deleteAt(ctx context.Context, node int32, before []stream.Position, mine []int) ([]code, error) {
	req := &wire.DeleteRecords{Timeout: int32(deleteTimeout.Milliseconds())}
	for _, topic := range inTopics(mine, func(i int) string { return before[i].Topic }) {
		for _, i := range topic {
			req.Before = append(req.Before, before[i])
		}
	}
	req, err := exchange[*wire.DeleteRecords](ctx, a.client.link, node, req)
	if err != nil {
		return nil, err
	}
	got := make(map[stream.TopicPartition]code, len(mine))
	for _, d := range req.Answer {
		got[d.TopicPartition] = code(d.Code)
	}
	codes := make([]code, len(mine))
	for k, i := range mine {
		var ok bool
		if codes[k], ok = got[before[i].TopicPartition]; !ok {
			codes[k] = networkException // to be asked again
		}
	}
	return codes, nil
}

func undeleted(c code, topic string) error {
	switch c {
	case 0:
		return nil
	case policyViolation:
		return fmt.Errorf("%w: the broker deletes records of topics with cleanup.policy=delete only, of which %s is none", c, topic)
	}
	return denied(c, "Delete", topicResource, topic)
}

// outside tells what the partition does hold. It is no error if the records are
// gone already, though not every broker thinks so.
func (a admin) outside(ctx context.Context, p stream.Position) error {
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
