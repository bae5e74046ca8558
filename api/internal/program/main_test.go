//go:build unix

package program_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// gate is the variable with the named pipe from which the pipeline's function reads once.
const gate = "GRETE_TEST_GATE"

// TestMain is the program under test if the variable is set.
func TestMain(m *testing.M) {
	path, ok := os.LookupEnv(gate)
	if !ok {
		os.Exit(m.Run())
	}
	app := api.New("events")
	app.From[string]("in").Map(func(line string) string {
		if line == "wait" {
			_, _ = os.ReadFile(path)
		}
		return line
	}).To("out")
	app.Main()
}

// A running is a program that runs, in a directory for its temporary files.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    io.ReadCloser
	said   bytes.Buffer
	temp   string
	gate   string
	exited chan struct{} // closed at its end
}

// start starts the program with a line of its input.
func start(t *testing.T, line string, args ...string) *running {
	t.Helper()
	programtest.WithoutKafka(t)
	dir := t.TempDir()
	r := &running{t: t, temp: filepath.Join(dir, "tmp"), gate: filepath.Join(dir, "gate"), exited: make(chan struct{})}
	if err := errors.Join(os.Mkdir(r.temp, 0o700), syscall.Mkfifo(r.gate, 0o600)); err != nil {
		t.Fatal(err)
	}
	file := programtest.WriteFile(t, filepath.Join(dir, "in"), line)
	r.cmd = exec.CommandContext(t.Context(), os.Args[0], append([]string{"-feed", "in=" + file, "-http", "off"}, args...)...)
	r.cmd.Env = append(os.Environ(), gate+"="+r.gate, "TMPDIR="+r.temp)
	r.cmd.Stderr = &r.said
	var err error
	if r.out, err = r.cmd.StdoutPipe(); err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wait waits for the end of the program, which leaves nothing behind.
func (r *running) wait(code int) {
	r.t.Helper()
	_ = r.cmd.Wait() // the code tells
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		r.t.Errorf("exit %d, want %d\n%s", got, code, &r.said)
	}
	left, err := os.ReadDir(r.temp)
	if err != nil || len(left) > 0 {
		r.t.Errorf("left behind: %v, %v", left, err)
	}
}

// inFunction waits until the pipeline's function waits, and returns what ends its wait.
func (r *running) inFunction() *os.File {
	r.t.Helper()
	w, err := os.OpenFile(r.gate, os.O_WRONLY, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func (r *running) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

func TestMain_ReaderOfOutputEnds(t *testing.T) {
	r := start(t, strings.Repeat("a line\n", 50_000), "-once", "-print", "out")
	line, err := bufio.NewReader(r.out).ReadString('\n')
	if err = errors.Join(err, r.out.Close()); err != nil || line != "\"a line\"\n" {
		t.Errorf("read %q, %v", line, err)
	}
	r.wait(141)
	if strings.Contains(r.said.String(), "pipe") || strings.Contains(r.said.String(), "closed") {
		t.Errorf("it said:\n%s", &r.said)
	}
}

func TestMain_SignalWhilePipeIsOpened(t *testing.T) {
	// The program ignores a hangup that it was started to ignore, as the tests may have been.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, "", "-once", "-feed", "in="+pipe)
			awaitEntry(t, r.temp) // it catches signals by then
			r.signal(s)
			r.wait(0)
		})
	}
}

// awaitEntry waits until a directory has an entry.
func awaitEntry(t *testing.T, dir string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no entry")
		}
	}
}

// timeout sends its signal to the program and to the group of the program.
func TestMain_SignalsWithinASecondAreOne(t *testing.T) {
	r := start(t, "wait\nnext\n", "-once", "-partitions", "1")
	w := r.inFunction()
	for range 3 {
		r.signal(syscall.SIGTERM)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r.wait(0)
}

// A function of the user that never returns doesn't keep the program from ending.
func TestMain_SecondSignalStopsAtOnce(t *testing.T) {
	r := start(t, "wait\n", "-once")
	w := r.inFunction()
	go func() {
		defer close(r.exited)
		r.wait(1)
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for ended := false; !ended; {
		_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-r.exited:
			ended = true
		case <-tick.C:
		}
	}
	if waited := time.Since(began); waited < time.Second || !strings.Contains(r.said.String(), "stopped at once") {
		t.Errorf("it ended after %v:\n%s", waited, &r.said)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
