//go:build !linux

package nomadtest

import (
	"errors"
	"os"
	"os/exec"

	"github.com/gretestream/grete/stream/harnesstest"
)

func checkMachine() error { return errNotLinux() }

func detach(*exec.Cmd) {}

func terminate(*os.Process) error { return errNotLinux() }
func resume(*os.Process) error    { return errNotLinux() }

func errNotLinux() error {
	return &harnesstest.MissingError{Err: errors.New("real clusters are started on Linux only")}
}
