package program

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

// ErrOutputClosed means that whoever read standard output has ended, as head does. The
// program then ends quietly, as by SIGPIPE.
var ErrOutputClosed = errors.New("standard output is closed")

// exitClosed is the exit code of a program that SIGPIPE has ended, as shells see it.
const exitClosed = 128 + 13

// An output is standard output, on which a closed pipe is told from other failures.
type output struct{ io.Writer }

func (o output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = ErrOutputClosed
	}
	return n, err
}

// temporaries are directories that must not outlive the process, even if it stops at once.
type temporaries struct {
	mu   sync.Mutex
	dirs []string
}

// TempDir makes a temporary directory. The caller removes it; the console does if the
// program stops at once.
func (c Console) TempDir(pattern string) (string, error) {
	if c.temporary == nil {
		return os.MkdirTemp("", pattern)
	}
	c.temporary.mu.Lock()
	defer c.temporary.mu.Unlock()
	dir, err := os.MkdirTemp("", pattern)
	if err == nil {
		c.temporary.dirs = append(c.temporary.dirs, dir)
	}
	return dir, err
}

// removeAll removes what is left of the directories. Others may still write to them, so that
// it tries again.
func (t *temporaries) removeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, dir := range t.dirs {
		for range 3 {
			if os.RemoveAll(dir) == nil {
				break
			}
		}
	}
}
