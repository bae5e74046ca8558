package local

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks an open file and reports whether it succeeded. The operating system
// releases the lock when the process ends. The locked range lies beyond the end of
// the file, so that other processes can read it.
func tryLock(f *os.File) (bool, error) {
	at := windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
