//go:build unix && !linux

package harnesstest

import (
	"os"

	"golang.org/x/sys/unix"
)

// Suspend stops a child process, as SIGSTOP does. Its threads may stop a moment later.
func Suspend(p *os.Process) error { return p.Signal(unix.SIGSTOP) }
