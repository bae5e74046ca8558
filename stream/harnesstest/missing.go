package harnesstest

import (
	"errors"
	"os"
	"testing"
)

// A MissingError says what this machine lacks for running a cluster.
type MissingError struct{ Err error }

func (e *MissingError) Error() string { return e.Err.Error() }
func (e *MissingError) Unwrap() error { return e.Err }

// SkipOrFail ends a test that can't have its cluster: without the means it is skipped, but
// in CI, where it must run.
func SkipOrFail(t testing.TB, err error) {
	t.Helper()
	if errors.As(err, new(*MissingError)) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	t.Fatal(err)
}
