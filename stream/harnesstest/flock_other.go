//go:build !unix

package harnesstest

import (
	"errors"
	"os"
)

func flock(*os.File) (bool, error) {
	return false, &MissingError{Err: errors.New("real clusters need Unix")}
}
