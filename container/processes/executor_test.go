//go:build unix

package processes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
)

// What the tests of jobs rest on, too.
var _ container.Executor = &Executor{}

// A script is what an executor and its processes have said.
type script struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *script) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// has counts a text.
func (s *script) has(text string) int { return strings.Count(s.String(), text) }

// pids are the processes that wait, in the order in which they said so.
func (s *script) pids(number int) (pids []int) {
	for _, said := range regexp.MustCompile(fmt.Sprintf(`(?m)^\[%d\] waits, pid (\d+)$`, number)).FindAllStringSubmatch(s.String(), -1) {
		pid, _ := strconv.Atoi(said[1])
		pids = append(pids, pid)
	}
	return pids
}

// running is an executor that runs.
type running struct {
	script
	stop context.CancelCauseFunc
	done chan struct{}
	err  error // once done is closed
}

// run runs processes that do so, each by what its line says.
func run(t *testing.T, lim limits, acts ...string) *running {
	t.Helper()
	r := &running{done: make(chan struct{})}
	e := Executor{Program: os.Args[0], Messages: r, Logger: slog.New(slog.NewTextHandler(r, nil)), limits: lim}
	for _, a := range acts {
		e.Args = append(e.Args, strings.Fields(a))
	}
	ctx, stop := context.WithCancelCause(t.Context())
	r.stop = stop
	go func() {
		defer close(r.done)
		r.err = e.Run(ctx)
	}()
	t.Cleanup(func() {
		stop(nil)
		<-r.done
	})
	return r
}

// quick limits are those of production, but for what a test waits for.
func quick() limits { return limits{maxRestarts, restartWindow, time.Millisecond, leaveTimeout} }

// ended waits for the executor's end.
func (r *running) ended(t *testing.T) error {
	t.Helper()
	within(t, "the executor's end", func() bool {
		select {
		case <-r.done:
			return true
		default:
			return false
		}
	})
	return r.err
}

// Processes are asked as the executor is, and waited for.
func TestStop(t *testing.T) {
	for name, test := range map[string]struct {
		cause error
		want  string
	}{
		"Ctrl-C":  {nil, "interrupt"},
		"SIGTERM": {container.ErrBack, "terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, limits{}, "wait", "wait")
			within(t, "both", func() bool { return r.has("waits") == 2 })
			r.stop(test.cause)
			if err := r.ended(t); err != nil {
				t.Error(err)
			}
			got := slices.Sorted(strings.Lines(r.String()))
			want := []string{"[1] was asked by " + test.want + "\n", "[2] was asked by " + test.want + "\n"}
			if !slices.Equal(slices.DeleteFunc(got, func(l string) bool { return strings.Contains(l, "waits") }), want) {
				t.Errorf("they said %q", got)
			}
		})
	}
}

// A process that doesn't end is killed, and one that fails at its end is reported.
func TestStop_KilledOrFailed(t *testing.T) {
	lim := quick()
	lim.leave = 50 * time.Millisecond
	for act, test := range map[string]struct {
		limits
		want string
	}{
		"stubborn": {lim, "process 1 was asked to end and hadn't after 50ms, so it was killed"},
		"wait 7":   {quick(), "process 1 was asked to end and did so by exit status 7: what it said stands above, behind [1]"},
	} {
		t.Run(act, func(t *testing.T) {
			r := run(t, test.limits, act)
			within(t, "it to wait", func() bool { return r.has("waits") == 1 })
			r.stop(nil)
			if err := r.ended(t); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// A process that hasn't got as far as to listen is ended by what it is asked, which is
// no failure.
func TestStop_BeforeProcessListens(t *testing.T) {
	r := run(t, limits{}, "wait", "wait")
	r.stop(container.ErrBack)
	if err := r.ended(t); err != nil {
		t.Error(err)
	}
}

// A process that is killed is started again, and the other isn't touched.
func TestRestart(t *testing.T) {
	r := run(t, quick(), "wait", "wait")
	within(t, "both", func() bool { return r.has("waits") == 2 })
	pid := r.pids(2)[0]
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("process %d is in group %d, so it may get a Ctrl-C twice; %v", pid, group, err)
	}
	for life := 1; life <= maxRestarts; life++ {
		if err := syscall.Kill(r.pids(2)[life-1], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		within(t, "another life", func() bool { return len(r.pids(2)) > life })
	}
	if n := len(r.pids(1)); n != 1 {
		t.Errorf("the other process was started %d times", n)
	}
	if n := r.has(`process=2 ended="signal: killed"`); n != maxRestarts {
		t.Errorf("%d warnings:\n%s", n, r.String())
	}
	if err := syscall.Kill(r.pids(2)[maxRestarts], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err := r.ended(t)
	for _, want := range []string{"process 2 ", "ended 4 times within 1m0s", "signal: killed", "stands above, behind [2]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if r.has("[1] was asked by interrupt") != 1 {
		t.Errorf("the other goes on:\n%s", r.String())
	}
}

// So often is a process that makes no sense started, and not for ever.
func TestCrashLoop(t *testing.T) {
	r := run(t, quick(), "end 2")
	err := r.ended(t)
	if err == nil || !strings.Contains(err.Error(), "exit status 2") || r.has("[1] it can't go on\n") != maxRestarts+1 {
		t.Errorf("%v, and it said:\n%s", err, r.String())
	}
	e := Executor{Program: filepath.Join(t.TempDir(), "none"), Args: [][]string{nil}}
	if err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "starting process 1: ") {
		t.Errorf("there is no program, but %v", err)
	}
}

// While a process waits to be started again the executor can be stopped.
func TestStop_BetweenRestarts(t *testing.T) {
	lim := quick()
	lim.pause = time.Hour
	r := run(t, lim, "end 1")
	within(t, "a warning", func() bool { return r.has("is started again") == 1 })
	r.stop(nil)
	if err := r.ended(t); err != nil {
		t.Error(err)
	}
}

// Processes don't outlive the one that has started them, even if it is killed.
func TestOrphans(t *testing.T) {
	dir := t.TempDir()
	orphans := []string{filepath.Join(dir, "1"), filepath.Join(dir, "2")}
	cmd := exec.Command(os.Args[0], append([]string{"parent"}, orphans...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	are := func(what string) func() bool {
		return func() bool {
			for _, o := range orphans {
				if _, err := os.Stat(o + what); err != nil {
					return false
				}
			}
			return true
		}
	}
	within(t, "both", are(".begun"))
	if are(".gone")() {
		t.Error("they think that they are orphans")
	}
	_ = cmd.Process.Kill()
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Error(err)
	}
	within(t, "both to know that", are(".gone"))
}

// A process that ends as one does that was asked to isn't started again, and when none
// is left so is the executor.
func TestProcess_EndedByAnother(t *testing.T) {
	r := run(t, quick(), "wait", "wait")
	within(t, "both", func() bool { return r.has("waits") == 2 })
	for i, number := range []int{2, 1} {
		if err := syscall.Kill(r.pids(number)[0], syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		within(t, "it to be heard", func() bool { return r.has("isn't started again") == i+1 })
	}
	if err := r.ended(t); err != nil || len(r.pids(1)) != 1 || len(r.pids(2)) != 1 {
		t.Errorf("%v:\n%s", err, r.String())
	}
}
