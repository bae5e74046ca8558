package jars

import (
	"context"
	"os"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
)

// waitLock locks a file as soon as other processes have unlocked it.
func waitLock(ctx context.Context, name string) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if f, err := harnesstest.TryLock(name); f != nil || err != nil {
			return f, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
