// Package program builds and runs the examples as a user would, for their tests.
package program

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Build compiles the main package in the test's directory, with RocksDB if the
// test has it, and returns the path of the program.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	args := append([]string{"build", "-buildvcs=false"}, tags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "-o", path, ".")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the example: %v\n%s", err, out)
	}
	return path
}

// Run runs a program to its end and returns what it wrote to standard output and
// standard error. It fails the test if the program fails.
func Run(t testing.TB, path string, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := Try(t, path, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, stderr)
	}
	return stdout, stderr
}

// Try is Run for a program that may fail.
func Try(t testing.TB, path string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// KillAfter starts a program and kills it, as kill -9 does, after a while. It
// tells whether the program had ended by itself before, without a failure.
func KillAfter(t testing.TB, after time.Duration, path string, args ...string) (ended bool) {
	t.Helper()
	var errOut bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(os.Kill) })
	err := cmd.Wait()
	if timer.Stop() && err != nil {
		t.Fatalf("the program failed before it was killed: %v\n%s", err, errOut.String())
	}
	return err == nil
}
