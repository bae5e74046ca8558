//go:build !linux

package nomadtest

import (
	"errors"
	"os"
	"os/exec"
)

func checkMachine() error { return errNotLinux() }

func flock(*os.File) (bool, error) { return false, errNotLinux() }

func alone(*exec.Cmd) {}

func terminate(*os.Process) error { return errNotLinux() }
func pause(*os.Process) error     { return errNotLinux() }
func resume(*os.Process) error    { return errNotLinux() }

func errNotLinux() error {
	return &missingError{errors.New("real clusters are started on Linux only")}
}
