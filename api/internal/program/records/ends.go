package records

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// visibleWithin is how long a log may take to show what was committed. On Kafka an open
// transaction of another client can hold it back.
const visibleWithin = time.Minute

// AwaitEnds waits until partitions end at these offsets or later: a log may show what
// was committed a moment after the commit.
func AwaitEnds(ctx context.Context, admin stream.Admin, ends []stream.Position) error {
	tps := make([]stream.TopicPartition, len(ends))
	for i, p := range ends {
		tps[i] = p.TopicPartition
	}
	deadline := time.Now().Add(visibleWithin)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(ends) > 0 {
		now, err := admin.Ends(ctx, tps...)
		if err != nil {
			return err
		}
		late := slices.IndexFunc(ends, func(p stream.Position) bool { return now[slices.Index(tps, p.TopicPartition)] < p.Offset })
		if late < 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: records up to offset %d can't be read after %v: is a transaction of another client still open?",
				tps[late], ends[late].Offset, visibleWithin)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Partitions lists the partitions of a topic.
func Partitions(ctx context.Context, admin stream.Admin, topic string) ([]stream.TopicPartition, error) {
	known, err := admin.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	n, ok := known[topic]
	if !ok {
		return nil, fmt.Errorf("topic %s: %w", topic, stream.ErrUnknownTopic)
	}
	tps := make([]stream.TopicPartition, n)
	for i := range tps {
		tps[i] = stream.TopicPartition{Topic: topic, Partition: int32(i)}
	}
	return tps, nil
}
