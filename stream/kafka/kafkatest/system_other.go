//go:build !unix

package kafkatest

import (
	"errors"
	"os"

	"github.com/gretestream/grete/stream/harnesstest"
)

// A guard is nothing here.
type guard struct{}

func startGuard(int) (*guard, error) { return nil, errNotUnix() }
func (*guard) end()                  {}

func terminate(*os.Process) error { return errNotUnix() }
func resume(*os.Process) error    { return errNotUnix() }

func cpuTime() int64 { return 0 }

func errNotUnix() error {
	return &harnesstest.MissingError{Err: errors.New("real brokers are started on Unix only")}
}
