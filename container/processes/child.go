package processes

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/gretestream/grete/container"
)

// A child is one life of a process.
type child struct {
	number int
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has ended and all that it wrote is passed on
}

// lastWords is how long what a process has started itself may hold on to its output
// after its end.
const lastWords = time.Second

// start starts a process. A goroutine waits for its end.
func (e *Executor) start(number int) (*child, error) {
	c := &child{number: number, ended: make(chan struct{})}
	c.cmd = exec.Command(e.Program, e.Args[number-1]...) //nolint:noctx // it is asked to end first
	// For malloc.h, as on Nomad; the user's own setting comes later, and wins.
	c.cmd.Env = slices.Concat([]string{"MALLOC_ARENA_MAX=2"}, os.Environ(), []string{variable + "=1"})
	c.cmd.SysProcAttr = apart()
	c.cmd.WaitDelay = lastWords
	out := &lines{out: e.Messages, prefix: fmt.Sprintf("[%d] ", number)}
	c.cmd.Stdout, c.cmd.Stderr = out, out
	if _, err := c.cmd.StdinPipe(); err != nil { // it is closed by Wait, or when this process is gone
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait() // how it has ended is its state
		out.end()
	}()
	return c, nil
}

// how tells how an ended process has ended.
func (c *child) how() string { return c.cmd.ProcessState.String() }

// end asks the process to end as this one is asked, and makes it if that takes too long.
// It waits for the end.
func (c *child) end(cause error, patience time.Duration) error {
	ask := syscall.SIGINT
	if errors.Is(cause, container.ErrBack) {
		ask = syscall.SIGTERM
	}
	_ = c.cmd.Process.Signal(ask) // it fails for a process that has ended
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		_ = c.cmd.Process.Kill() // likewise
		<-c.ended
		return fmt.Errorf("process %d was asked to end and hadn't after %v, so it was killed; what it hadn't committed is done again by the next run", c.number, patience)
	}
	if c.cmd.ProcessState.Success() || endedBy(c.cmd.ProcessState, ask) { // by that if it hadn't begun yet
		return nil
	}
	return fmt.Errorf("process %d was asked to end and did so by %s: what it said stands above, behind [%d]", c.number, c.how(), c.number)
}
