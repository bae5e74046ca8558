package nomadtest

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/gretestream/grete/stream/harnesstest"
)

// checkMachine tells whether a cluster can run here.
func checkMachine() error {
	if os.Geteuid() != 0 {
		return &harnesstest.MissingError{Err: errors.New("a real cluster needs root, as Nomad's exec driver does")}
	}
	return nil
}

// alone has a command run where no Ctrl-C of a terminal finds it.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true} }

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func pause(p *os.Process) error     { return p.Signal(unix.SIGSTOP) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }
