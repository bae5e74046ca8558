package nomadtest

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/gretestream/grete/stream/harnesstest"
)

// checkMachine returns an error if this machine can't run a cluster.
func checkMachine() error {
	if os.Geteuid() != 0 {
		return &harnesstest.MissingError{Err: errors.New("a real cluster needs root, as Nomad's exec driver does")}
	}
	return nil
}

// detach runs a command in a session of its own, where Ctrl-C doesn't reach it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true} }

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }
