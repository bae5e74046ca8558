//go:build !unix

package processes

import (
	"errors"
	"os"
	"syscall"
)

func supported() error {
	return errors.New("a process can't ask others to end on this system, as it has no signals: start the program several times instead, each with a -data DIR of its own")
}

func apart() *syscall.SysProcAttr { return nil }

func endedBy(*os.ProcessState, syscall.Signal) bool { return false }
