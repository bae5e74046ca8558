//go:build unix

package processes

import (
	"os"
	"syscall"
)

func supported() error { return nil }

// apart has a process be in a group of its own, which a terminal's Ctrl-C isn't for.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endedBy tells whether a signal has ended a process that did nothing about it.
func endedBy(state *os.ProcessState, s syscall.Signal) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s //nolint:misspell // Go's word
}
