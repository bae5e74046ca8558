package container_test

import (
	"context"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
)

// An interrupting log asks the container to stop in the middle of its second
// commit; the first is that of its opening.
type interrupting struct {
	stream.System
	stop func()
}

func (s interrupting) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := s.System.OpenProducer(ctx, cfg)
	return &interruptingProducer{p, s.stop, 0}, err
}

type interruptingProducer struct {
	stream.Producer
	stop    func()
	commits int
}

func (p *interruptingProducer) interrupt(ctx context.Context) error {
	if p.commits > 0 {
		p.stop()
	}
	return ctx.Err()
}

func (p *interruptingProducer) Flush(ctx context.Context) error {
	if err := p.interrupt(ctx); err != nil {
		return err
	}
	return p.Producer.Flush(ctx)
}

func (p *interruptingProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := p.interrupt(ctx); err != nil {
		return nil, err
	}
	p.commits++
	return p.Producer.Commit(ctx, offsets)
}

// A container that is asked to stop while it commits commits, and stops cleanly.
func TestStop_FinishesCommit(t *testing.T) {
	for name, atLeastOnce := range map[string]bool{"exactly once": false, "at least once": true} {
		t.Run(name, func(t *testing.T) {
			log := streammemory.New()
			createTallyTopics(t, log.Admin())
			in := stream.TopicPartition{Topic: "in"}
			put(t, log, in, stream.Record{Key: []byte("k"), Value: []byte("0")})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			must(t, container.Run(ctx, container.Config{
				App: "app", Stage: tallyStage(), Tasks: []int32{0, 1}, Engine: memory.New(1 << 20), AtLeastOnce: atLeastOnce, CommitInterval: 1,
				Program: &tally{t: t, sys: log, input: map[int32][]string{0: {"k"}}, once: true},
				System:  interrupting{log, stop},
			}))
			at, err := log.Admin().Committed(t.Context(), "app-tally", in)
			must(t, err)
			if n := len(recordsOf(t, log, stream.TopicPartition{Topic: "out"})); at[0] != 1 || n != 1 {
				t.Errorf("offset %d is committed, and %d records were put out", at[0], n)
			}
		})
	}
}
