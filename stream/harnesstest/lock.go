package harnesstest

import (
	"fmt"
	"os"
)

// TryLock opens and locks a file. It returns nil if another process, or another
// call, has the lock. The last end of all processes that have the file open gives
// it back, too.
func TryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open a lock file: %w", err)
	}
	ok, err := flock(f)
	if err == nil && ok {
		return f, nil
	}
	Unlock(f)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return nil, nil
}

// Unlock gives a lock back, unless another process has the file open, too.
func Unlock(f *os.File) {
	_ = f.Close() // nothing was written
}
