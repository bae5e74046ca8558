package harnesstest

import (
	"errors"
	"os"
	"testing"
)

// A MissingError reports a requirement of a cluster that this machine lacks.
type MissingError struct{ Err error }

func (e *MissingError) Error() string { return e.Err.Error() }
func (e *MissingError) Unwrap() error { return e.Err }

// SkipOrFail ends a test that can't start its cluster. It skips the test if the machine
// lacks a requirement, except in CI, where the test must run.
func SkipOrFail(t testing.TB, err error) {
	t.Helper()
	if errors.As(err, new(*MissingError)) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	t.Fatal(err)
}
