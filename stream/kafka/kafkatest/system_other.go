//go:build !unix

package kafkatest

import (
	"errors"
	"os"
)

// A guard is nothing here.
type guard struct{}

func startGuard(int) (*guard, error) { return nil, errNotUnix() }
func (*guard) end()                  {}

func flock(*os.File) (bool, error) { return false, errNotUnix() }

func terminate(*os.Process) error { return errNotUnix() }
func pause(*os.Process) error     { return errNotUnix() }
func resume(*os.Process) error    { return errNotUnix() }

func cpuTime() int64 { return 0 }

func errNotUnix() error {
	return &missingError{errors.New("real brokers are started on Unix only")}
}
