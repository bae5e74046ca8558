package local

import (
	"context"
	"strconv"
	"testing"

	"github.com/gretestream/grete/stream"
)

// A compacted partition has holes, and batches without their latest record.
func TestOffsetsAt_Compacted(t *testing.T) {
	l := openIdle(t, t.TempDir(), Options{Sync: SyncNever, CompactedSegmentBytes: 2000})
	l.create(stream.TopicConfig{Name: "t", Partitions: 1, Cleanup: stream.CleanupCompact})
	tp := part("t")
	const n = 600
	for i := range n {
		at := int64(i)
		if i%10 == 0 {
			at += 25 // these have a key that occurs again
		}
		l.put(tp, stream.Record{Key: []byte(strconv.Itoa(i % 10 * (1 + i/50))), Value: []byte("v"), Time: 1000 + at})
	}
	l.must(l.Clean(context.Background()))
	records := l.all(tp)
	if len(records) > n/2 {
		t.Fatalf("%d records are left: nothing was compacted", len(records))
	}
	for at := int64(990); at < 1000+n+40; at++ {
		want := int64(n)
		for _, r := range records {
			if r.Time >= at {
				want = r.Offset
				break
			}
		}
		got, err := l.Admin().OffsetsAt(context.Background(), at, tp)
		l.must(err)
		if got[0] != want {
			t.Fatalf("time %d is found at %d, want %d", at, got[0], want)
		}
	}
}
