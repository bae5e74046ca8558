package harnesstest

import (
	"fmt"
	"os"
)

// TryLock opens and locks a file. It returns nil if another process, or an earlier
// call, holds the lock. The lock is also released when every process that has
// inherited the file has ended.
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

// Unlock closes the file. That releases the lock, unless a child process has inherited
// the file.
func Unlock(f *os.File) {
	_ = f.Close() // nothing was written
}
