package kafkatest

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

// stopTimeout is how long a broker may take to stop before it is killed.
const stopTimeout = 30 * time.Second

// A process is a child that doesn't outlive this process.
type process struct {
	cmd   *exec.Cmd
	guard *guard
	ended chan struct{} // closed when it has ended
}

// startProcess starts a command in a directory, with its output appended to a file.
func startProcess(dir, logFile, name string, args ...string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open a broker's log: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := exec.Command(name, args...) //nolint:noctx // it ends by stop or kill
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	p.guard, err = startGuard(cmd.Process.Pid)
	go func() {
		_ = cmd.Wait() // how it ended is known to who ended it, or stands in its log
		if p.guard != nil {
			p.guard.end()
		}
		close(p.ended)
	}()
	if err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// stop terminates the process, and kills it if need be. It reports whether it had to kill
// it.
func (p *process) stop() (forced bool) {
	if err := terminate(p.cmd.Process); err != nil {
		p.kill()
		return true
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-p.ended:
		return false
	case <-timeout.C:
		p.kill()
		return true
	}
}

// kill kills the process and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it fails for a process that has ended
	<-p.ended
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
