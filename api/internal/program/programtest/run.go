package programtest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gretestream/grete/api/internal/program"
)

// A Result is what a person gets of a command.
type Result struct {
	Out, Err string
	Code     int
}

// Run runs a command line.
func Run(ctx context.Context, p program.Pipeline, commands []any, args ...string) Result {
	var out, err Buffer
	code := program.Execute(ctx, p, args, program.Console{App: p.App, Out: &out, Err: &err, Config: Config()}, commands...)
	return Result{out.String(), err.String(), code}
}

// Config returns the configuration directory of the tests of this process: so a command
// finds the token of the job that another call of [Run] runs. [Around] removes it.
func Config() string {
	return filepath.Join(os.TempDir(), "grete-programtest-"+strconv.Itoa(os.Getpid()))
}

// Tests are those of a package: a *testing.M, or something around it.
type Tests interface {
	Run() (exitCode int)
}

// Around returns tests after which [Config] is removed. It belongs into the TestMain of
// packages whose tests run jobs.
func Around(m Tests) Tests { return cleaned{m} }

type cleaned struct{ Tests }

// Run runs the tests.
func (c cleaned) Run() int {
	defer func() { _ = os.RemoveAll(Config()) }()
	return c.Tests.Run()
}

// Lines returns what was printed, sorted: partitions have no order among them.
func (r Result) Lines() []string { return slices.Sorted(strings.Lines(r.Out)) }

// Succeeded fails the test if the command failed.
func (r Result) Succeeded(t testing.TB) Result {
	t.Helper()
	if r.Code != 0 {
		t.Fatalf("exit %d\n%s", r.Code, r.Err)
	}
	return r
}

// Failed fails the test unless the command failed, in one line that has all these words,
// after the lines that every run begins with.
func (r Result) Failed(t testing.TB, words ...string) Result {
	t.Helper()
	if r.Code == 0 {
		t.Fatalf("the command didn't fail\n%s", r.Err)
	}
	lines := slices.Collect(strings.Lines(r.Err))
	last := lines[len(lines)-1]
	for _, w := range words {
		if !strings.Contains(last, w) {
			t.Errorf("%q is missing in the last line of\n%s", w, r.Err)
		}
	}
	if strings.Contains(r.Err, "goroutine ") {
		t.Errorf("a person gets a stack trace:\n%s", r.Err)
	}
	return r
}

// A Buffer may be written by several goroutines.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// WriteFile writes a file that only its owner can read, and returns its path.
func WriteFile(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// WithoutKafka clears the Kafka settings in the environment of the test.
func WithoutKafka(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "GRETE_KAFKA") {
			t.Setenv(name, "")
		}
	}
}
