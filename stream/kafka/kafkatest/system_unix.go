//go:build unix

package kafkatest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

// A guard kills a process when this one has ended, in whatever way: it is a shell that waits
// for the end of its input. It survives a Ctrl-C, which a terminal sends to it as well.
type guard struct {
	cmd   *exec.Cmd
	input io.Closer
}

func startGuard(pid int) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", `trap "" INT TERM HUP; read -r _; kill -9 "$0"`, strconv.Itoa(pid)) //nolint:noctx // it ends with its input
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the input of a broker's guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a broker's guard: %w", err)
	}
	return &guard{cmd, input}, nil
}

// end ends the guard without killing the process.
func (g *guard) end() {
	_ = g.cmd.Process.Kill() // it is waiting for its input
	_ = g.cmd.Wait()         // killed
	_ = g.input.Close()      // Wait did it
}

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }

// cpuTime returns the CPU time of this process, in ns.
func cpuTime() int64 {
	var use unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &use) // it can't fail
	return use.Utime.Nano() + use.Stime.Nano()
}
