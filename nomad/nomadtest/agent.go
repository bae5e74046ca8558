package nomadtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stopTimeout is how long an agent may take to stop.
const stopTimeout = 30 * time.Second

// An agent is the server or a client, running or not. Its tasks continue when it ends.
type agent struct {
	id               int // 0: the server
	name, dir        string
	http, rpc, serf  int
	firstDynamic     int
	lastDynamic      int
	program, logFile string
	cmd              *exec.Cmd     // nil after it was stopped or killed
	ended            chan struct{} // closed when the process has ended
	started          time.Time     // or resumed
	cut              bool          // off, by CutOff
}

// newAgent returns the agent with a number, in a cluster's directory and block of ports.
func newAgent(id int, program, dir string, port int) *agent {
	first := port + portsPerAgent*id
	a := &agent{id: id, name: "server", program: program, http: first, rpc: first + 1, serf: first + 2}
	if id > 0 {
		a.name = fmt.Sprint("client", id)
		a.firstDynamic = port + portsPerAgent*(1+maxClients) + portsForTasks*(id-1)
		a.lastDynamic = a.firstDynamic + portsForTasks - 1
	}
	// Short, because it contains sockets.
	a.dir = filepath.Join(dir, fmt.Sprint(id))
	a.logFile = filepath.Join(dir, a.name+".log")
	return a
}

// prepare creates the agent's directory and settings.
func (a *agent) prepare(config string) error {
	// Nomad fetches artifacts as nobody.
	if err := os.Mkdir(a.dir, 0o755); err != nil {
		return fmt.Errorf("make an agent's directory: %w", err)
	}
	if err := os.Mkdir(a.temp(), 0o777); err != nil {
		return fmt.Errorf("make an agent's directory: %w", err)
	}
	if err := os.WriteFile(a.settings(), []byte(config), 0o666); err != nil {
		return fmt.Errorf("write an agent's settings: %w", err)
	}
	return nil
}

// start starts the process, without waiting until it is ready.
func (a *agent) start() error {
	log, err := os.OpenFile(a.logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("open an agent's log: %w", err)
	}
	defer func() { _ = log.Close() }()                               // the child has its own
	cmd := exec.Command(a.program, "agent", "-config", a.settings()) //nolint:noctx // it ends by stop or kill
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = a.dir, log, log, a.environment()
	detach(cmd)
	a.started, a.cut = time.Now(), false
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", a.name, err)
	}
	ended := make(chan struct{})
	a.cmd, a.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // its log says why it has ended
		close(ended)
	}()
	return nil
}

// environment is minimal: Nomad passes it on to all tasks, and tests must not depend on the
// variables of the machine that they run on.
func (a *agent) environment() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + a.dir,
		"TMPDIR=" + a.temp(), // plugins that are killed leave their sockets there; tasks don't get it
		"CHECKPOINT_DISABLE=1",
		nodeVariable + "=" + a.dir,
	}
}

// kill kills the agent, and waits for its end.
func (a *agent) kill() {
	_ = a.cmd.Process.Kill() // it fails for a process that has ended
	<-a.ended
	a.cmd = nil
}

// stop stops the agent gracefully.
func (a *agent) stop() error {
	if err := terminate(a.cmd.Process); err != nil {
		return fmt.Errorf("stop %s: %w", a.name, err)
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-a.ended:
		a.cmd = nil
		return nil
	case <-timeout.C:
		return fmt.Errorf("%s didn't stop within %v; the end of its log:\n%s", a.name, stopTimeout, a.logTail())
	}
}

func (a *agent) hasEnded() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

func (a *agent) temp() string     { return filepath.Join(a.dir, "tmp") }
func (a *agent) settings() string { return filepath.Join(filepath.Dir(a.dir), a.name+".hcl") }

// logTail returns the end of the agent's log, for a message.
func (a *agent) logTail() string {
	log, err := os.ReadFile(a.logFile)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(all[max(0, len(all)-20):], "\n")
}
