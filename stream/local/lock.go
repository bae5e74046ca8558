package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gretestream/grete/stream"
)

// LockDir locks an existing directory for this process, until the returned file is
// closed or the process ends. It fails with [stream.ErrLocked] if another process
// has the lock. Open locks the log's own directory.
func LockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	free, err := tryLock(f)
	if err == nil && !free {
		err = fmt.Errorf("%w%s; stop that process, or use another directory", stream.ErrLocked, owner(f))
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close() // the first error matters
		return nil, err
	}
	return f, nil
}

// owner returns the process id in the lock file, formatted for a message; "" if
// there is none.
func owner(f *os.File) string {
	var p [20]byte
	n, _ := f.ReadAt(p[:], 0) // the file may be short or empty
	pid, err := strconv.Atoi(strings.TrimSpace(string(p[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}
