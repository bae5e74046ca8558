package records

import (
	"context"
	"errors"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A slowAdmin doesn't see the ends of partitions the first times.
type slowAdmin struct {
	stream.Admin
	asked, times int
}

func (a *slowAdmin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	if a.asked++; a.asked <= a.times {
		return make([]int64, len(tps)), nil
	}
	return a.Admin.Ends(ctx, tps...)
}

// Ends that aren't visible at once are awaited.
func TestAwaitEnds_WaitsForCommits(t *testing.T) {
	system := memory.New()
	create := system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "words", Partitions: 2})
	p, err := system.OpenProducer(t.Context(), stream.ProducerConfig{})
	if err = errors.Join(create, err); err != nil {
		t.Fatal(err)
	}
	w, err := p.Writer("words")
	for i := range int32(3) {
		err = errors.Join(err, w.Send(i%2, &stream.Record{Value: []byte("x")}))
	}
	ends, commit := p.Commit(t.Context(), stream.GroupOffsets{})
	if err = errors.Join(err, commit, p.Close()); err != nil {
		t.Fatal(err)
	}
	admin := &slowAdmin{Admin: system.Admin(), times: 2}
	if err := AwaitEnds(t.Context(), admin, ends); err != nil || admin.asked != 3 {
		t.Errorf("asked %d times, %v", admin.asked, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	admin = &slowAdmin{Admin: system.Admin(), times: 1 << 30}
	if err := AwaitEnds(over, admin, ends); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := AwaitEnds(over, admin, nil); err != nil {
		t.Errorf("nothing to wait for: %v", err)
	}
}
