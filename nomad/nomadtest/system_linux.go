package nomadtest

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// checkMachine tells whether a cluster can run here.
func checkMachine() error {
	if os.Geteuid() != 0 {
		return &missingError{errors.New("a real cluster needs root, as Nomad's exec driver does")}
	}
	return nil
}

// flock reports whether the file's lock was free, and takes it.
func flock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// alone has a command run where no Ctrl-C of a terminal finds it.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true} }

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func pause(p *os.Process) error     { return p.Signal(unix.SIGSTOP) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }
