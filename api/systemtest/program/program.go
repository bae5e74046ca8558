// Package program builds and runs programs as a user would, for tests.
package program

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// examples is where the programs are that tests run. Tests build them, and import none.
const examples = "github.com/gretestream/grete/examples/"

// Example returns the import path of an example.
func Example(name string) string { return examples + name }

// Build compiles an example, with RocksDB if the test has it, and returns the path of the
// program.
func Build(t testing.TB, example string) string {
	t.Helper()
	return BuildPackage(t, Example(example))
}

// BuildPackage is Build for any main package of the module.
func BuildPackage(t testing.TB, pkg string) string {
	t.Helper()
	statSources(t)
	path := filepath.Join(t.TempDir(), "program")
	args := append([]string{"build", "-buildvcs=false"}, tags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "-o", path, pkg)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
	return path
}

// Root returns the module's directory.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the test doesn't run in a directory of the module")
		}
		dir = filepath.Dir(dir)
	}
}

// statSources calls Stat for all files of the module. The go command records which files
// a test looks at: so it doesn't reuse a result after the program has changed.
func statSources(t testing.TB) {
	t.Helper()
	err := filepath.WalkDir(Root(t), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == ".git" || e.Name() == "build") {
			return fs.SkipDir
		}
		if err == nil && !e.IsDir() {
			_, err = os.Stat(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
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
	cmd.Dir, cmd.Env = t.TempDir(), environment(t)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// environment is that of this process, with a configuration directory for the programs of
// the test.
func environment(t testing.TB) []string {
	return append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(filepath.Dir(t.TempDir()), "config"))
}

// KillAfter starts a program and kills it after a while, as kill -9 does. It reports
// whether the program had ended by itself before, without a failure.
func KillAfter(t testing.TB, after time.Duration, path string, args ...string) (ended bool) {
	t.Helper()
	p := Start(t, path, args...)
	timer := time.AfterFunc(after, p.Kill)
	err := p.Wait()
	if timer.Stop() && err != nil {
		t.Fatalf("the program failed before it was killed: %v\n%s", err, p.Messages())
	}
	return err == nil
}

// A Process is a running program. It is killed at the end of the test at the latest.
type Process struct {
	cmd *exec.Cmd
	out output
	err error
	end chan struct{} // closed when it has ended
}

// output collects a program's standard error.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// Start starts a program.
func Start(t testing.TB, path string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(path, args...), end: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = t.TempDir(), environment(t)
	p.cmd.Stderr = &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.end)
	}()
	t.Cleanup(func() {
		p.Kill()
		<-p.end
	})
	return p
}

// Kill kills the program, as kill -9 does.
func (p *Process) Kill() { _ = p.cmd.Process.Signal(os.Kill) }

// Stop asks the program to stop, as Ctrl-C does.
func (p *Process) Stop() { _ = p.cmd.Process.Signal(os.Interrupt) }

// Wait waits for the program's end, and returns its failure, if any.
func (p *Process) Wait() error {
	<-p.end
	return p.err
}

// Ended reports whether the program has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.end:
		return true
	default:
		return false
	}
}

// Messages returns the standard error of the program so far.
func (p *Process) Messages() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.b.String()
}
