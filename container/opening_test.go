package container_test

import (
	"context"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv/memory"
	streammemory "github.com/gretestream/grete/stream/memory"
)

// The end of an opening wakes the loop, even if the clock stands still.
func TestOpen_WakesTheLoop(t *testing.T) {
	log := streammemory.New()
	createTallyTopics(t, log.Admin())
	for range 100 {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		c, err := container.Open(ctx, container.Config{
			App: "app", Stage: tallyStage(), Tasks: []int32{0, 1}, Engine: memory.New(1 << 20), System: log,
			Program: &tally{t: t, sys: log},
			Await: func(_ context.Context, _ time.Duration, ready ...<-chan struct{}) {
				if len(ready) == 0 {
					return
				}
				select {
				case <-ctx.Done():
				case <-ready[0]:
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Fatal("nobody has woken it")
		}
		must(t, c.Close())
		stop()
	}
}
