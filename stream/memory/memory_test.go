package memory_test

import (
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
	"github.com/gretestream/grete/stream/streamtest"
)

func TestConformance(t *testing.T) {
	open := func(t *testing.T) stream.System {
		s := memory.New()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	t.Run("remote", func(t *testing.T) {
		streamtest.Run(t, func(t *testing.T) stream.System {
			s := memory.New()
			s.Remote = true
			return s
		})
	})
	t.Run("any", func(t *testing.T) { streamtest.Run(t, open) })
	t.Run("instant", func(t *testing.T) { streamtest.RunInstant(t, open) })
}

func TestRecreate_NewIDAndNoOffsets(t *testing.T) {
	s, ctx, tp := memory.New(), t.Context(), stream.TopicPartition{Topic: "t"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	look := func() (id string, end, offset int64) {
		t.Helper()
		ids, err := s.Admin().TopicIDs(ctx, "t")
		must(err)
		ends, err := s.Admin().Ends(ctx, tp)
		must(err)
		offsets, err := s.Admin().Committed(ctx, "g", tp)
		must(err)
		return ids["t"], ends[0], offsets[0]
	}
	must(s.Admin().CreateTopic(ctx, stream.TopicConfig{Name: "t", Partitions: 1}))
	p, err := s.OpenProducer(ctx, stream.ProducerConfig{})
	must(err)
	w, err := p.Writer("t")
	must(err)
	must(w.Send(0, &stream.Record{Value: []byte("v")}))
	_, err = p.Commit(ctx, stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: tp, Offset: 1}}})
	must(err)
	before, end, offset := look()
	if end != 1 || offset != 1 {
		t.Fatalf("the end is %d, the group's offset %d", end, offset)
	}
	s.Recreate("t")
	s.Recreate("none")
	if after, end, offset := look(); after == before || end != 0 || offset != -1 {
		t.Errorf("the id was %s and is %s, the end is %d, the group's offset %d", before, after, end, offset)
	}
}

func TestID_Unique(t *testing.T) {
	if a, b := memory.New(), memory.New(); a.ID() == b.ID() {
		t.Errorf("two systems have the id %s", a.ID())
	}
}
