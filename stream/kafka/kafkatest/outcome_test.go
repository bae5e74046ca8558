//go:build unix

package kafkatest

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Brokers of two clusters, and other programs, must not get the same port.
func TestPorts_AreUnique(t *testing.T) {
	dir := t.TempDir()
	seen := map[int]bool{}
	for range 20 {
		p, err := reservePorts(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.release)
		for range blockSize {
			port, err := p.take()
			if err != nil || seen[port] {
				t.Fatalf("port %d is taken twice, or %v", port, err)
			}
			seen[port] = true
		}
		if port, err := p.take(); err == nil {
			t.Errorf("port %d belongs to another block", port)
		}
	}
}

// Where something is missing, a test is skipped, and fails in CI.
func TestSkipOrFail(t *testing.T) {
	for _, tt := range []struct {
		ci   string
		err  error
		want string
	}{
		{"", &harnesstest.MissingError{Err: errors.New("no Java")}, "skipped"},
		{"true", &harnesstest.MissingError{Err: errors.New("no Java")}, "failed"},
		{"", errors.New("a bug"), "failed"},
	} {
		t.Setenv("CI", tt.ci)
		if got := outcome(t, func(t testing.TB) { harnesstest.SkipOrFail(t, tt.err) }); got != tt.want+": "+tt.err.Error() {
			t.Errorf("CI=%s, %v: %s, want %s", tt.ci, tt.err, got, tt.want)
		}
	}
}

// outcome returns how a test ends.
func outcome(t *testing.T, test func(testing.TB)) string {
	inner := &recorder{TB: t}
	var ended sync.WaitGroup
	ended.Go(func() {
		test(inner)
		inner.how = "passed"
	})
	ended.Wait()
	return inner.how
}

// A recorder is a test that ends without ending the test around it.
type recorder struct {
	testing.TB
	how string
}

func (r *recorder) end(how string, args []any) {
	for _, a := range args {
		if err, ok := a.(error); ok {
			how += ": " + err.Error()
		}
	}
	r.how = how
	runtime.Goexit()
}

func (r *recorder) Skip(args ...any)          { r.end("skipped", args) }
func (r *recorder) Fatal(args ...any)         { r.end("failed", args) }
func (r *recorder) Fatalf(_ string, a ...any) { r.end("failed", a) }
