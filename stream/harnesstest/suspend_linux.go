package harnesstest

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Suspend stops a child process, as SIGSTOP does, and waits until all of its threads have
// stopped: the signal alone returns before that, and on a busy machine the process may still
// answer a request.
func Suspend(p *os.Process) error {
	if err := p.Signal(unix.SIGSTOP); err != nil {
		return err
	}
	for {
		// WNOWAIT leaves the state of the process to other waiters.
		switch err := unix.Waitid(unix.P_PID, p.Pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("wait until process %d has stopped: %w", p.Pid, err)
		}
	}
}
