//go:build !unix

package harnesstest

import (
	"errors"
	"os"
)

// Suspend returns an error: it works on Unix only.
func Suspend(*os.Process) error {
	return &MissingError{Err: errors.New("processes are suspended on Unix only")}
}
