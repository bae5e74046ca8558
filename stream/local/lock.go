package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gretestream/grete/stream"
)

// LockDir makes this process a directory's only one, until what it returns is
// closed or the process ends. The directory exists. The error is
// [stream.ErrLocked] if another process has it. Open does this for its own.
func LockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	free, err := tryLock(f)
	if err == nil && !free {
		err = fmt.Errorf("%w%s; stop it, or choose another directory", stream.ErrLocked, owner(f))
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close() // the first error counts
		return nil, err
	}
	return f, nil
}

// owner is who holds the lock, as far as the file says it.
func owner(f *os.File) string {
	var p [20]byte
	n, _ := f.ReadAt(p[:], 0) // short or empty at worst
	pid, err := strconv.Atoi(strings.TrimSpace(string(p[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}
