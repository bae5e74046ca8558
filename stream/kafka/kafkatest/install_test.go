//go:build unix

package kafkatest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// machine makes the programs that this test sees: their names, and shell scripts.
func machine(t *testing.T, programs map[string]string) {
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("GRETE_TEST_KAFKA_DIR", t.TempDir())
}

func TestInstallSaysWhatIsMissing(t *testing.T) {
	tests := map[string]struct {
		programs map[string]string
		want     string
	}{
		"Java":        {nil, "install a JDK"},
		"Maven":       {map[string]string{"java": ""}, "apt-get install maven"},
		"the network": {map[string]string{"java": "", "mvn": "echo no route to host; exit 1"}, "no route to host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			machine(t, tt.programs)
			_, err := install(t.Context())
			var missing *harnesstest.MissingError
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want something about %q", err, tt.want)
			}
			dir, err := installDir()
			if err != nil || exists(dir) {
				t.Errorf("%v; jars that aren't there are said to be", err)
			}
		})
	}
}

func TestOldJava(t *testing.T) {
	machine(t, map[string]string{"java": "echo java.lang.UnsupportedClassVersionError: kafka/tools/StorageTool >&2; exit 1"})
	var missing *harnesstest.MissingError
	if err := prepare(t.Context(), t.TempDir()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "Java 17 or later") {
		t.Error(err)
	}
}

func TestDownload(t *testing.T) {
	// What was left by one that was cut off, and what Maven is asked for.
	machine(t, map[string]string{"mvn": `for a; do case $a in -DoutputDirectory=*) echo "$@" >"${a#*=}/asked.jar";; esac; done`})
	dir, err := installDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+".part", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir+".part", "half.jar"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := download(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if asked, err := os.ReadFile(filepath.Join(dir, "asked.jar")); err != nil || !strings.Contains(string(asked), "-Dkafka.version="+Version) {
		t.Errorf("asked for %q, %v", asked, err)
	}
	if exists(filepath.Join(dir, "half.jar")) || exists(dir+".part") {
		t.Error("something of the other download is left")
	}
}

// Without the means a test is skipped; where it must run, it fails.
func TestGiveUp(t *testing.T) {
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

// outcome tells how a test ends.
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

// A recorder is a test that ends by itself, without that of which it is part.
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

// Brokers of two clusters never meet, nor does one meet another program.
func TestPorts(t *testing.T) {
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
				t.Fatalf("port %d is given away again, or %v", port, err)
			}
			seen[port] = true
		}
		if port, err := p.take(); err == nil {
			t.Errorf("port %d is another block's", port)
		}
	}
}

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	first, err := harnesstest.TryLock(name)
	if first == nil || err != nil {
		t.Fatal(first, err)
	}
	if second, err := harnesstest.TryLock(name); second != nil || err != nil {
		t.Errorf("locked twice: %v, %v", second, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := waitLock(done, name); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	got := make(chan error)
	go func() {
		f, err := waitLock(t.Context(), name)
		if f != nil {
			harnesstest.Unlock(f)
		}
		got <- err
	}()
	harnesstest.Unlock(first)
	if err := <-got; err != nil {
		t.Error(err)
	}
}
