package kafkatest

import (
	"context"
	"fmt"
	"os"
	"time"
)

// tryLock opens and locks a file. It returns nil if another process, or another
// call, has the lock. The end of the process gives it back, too.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open a lock file: %w", err)
	}
	ok, err := flock(f)
	if err == nil && ok {
		return f, nil
	}
	unlock(f)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return nil, nil
}

func unlock(f *os.File) {
	_ = f.Close() // nothing was written
}

// waitLock is tryLock until it succeeds.
func waitLock(ctx context.Context, name string) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if f, err := tryLock(name); f != nil || err != nil {
			return f, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
