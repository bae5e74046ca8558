//go:build real

package produce

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// wantOffsets waits until a group has these offsets in the first partitions of a topic; -1
// stands for none.
func wantOffsets(ctx context.Context, t *testing.T, c *kafkatest.Cluster, group, topic string, want ...int64) {
	t.Helper()
	client := kadm.NewClient(c.Franz(t))
	seen := make([]int64, len(want))
	err := link.Retry(ctx, linktest.New(nil), 10*time.Second, func() error {
		got, err := client.FetchOffsetsForTopics(ctx, group, topic)
		if err != nil {
			return errors.Join(kerr.UnstableOffset, err)
		}
		for i := range seen {
			o, _ := got.Lookup(topic, int32(i))
			seen[i] = o.At
		}
		if !slices.Equal(seen, want) {
			return kerr.UnstableOffset
		}
		return nil
	})
	if err != nil {
		t.Errorf("the offsets are %v, want %v: %v", seen, want, err)
	}
}

// entryOf converts a record to an entry of the ledger.
func entryOf(r *kgo.Record) ledgerEntry {
	return ledgerEntry{JavaRecord: kafkatest.FromFranz(r), codec: batch.Codec(r.Attrs.CompressionType()), transactional: r.Attrs.IsTransactional()}
}
