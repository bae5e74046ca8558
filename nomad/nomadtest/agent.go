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

// An agent is the server or a client, running or not. Tasks are no part of it: they
// go on when it ends.
type agent struct {
	id               int // 0: the server
	name, dir        string
	http, rpc, serf  int
	firstDynamic     int
	lastDynamic      int
	program, logFile string
	cmd              *exec.Cmd     // nil: it was stopped or killed
	ended            chan struct{} // closed when the process has ended
	begun            time.Time     // when it was last started, or let go on
	cut              bool
}

// newAgent is the agent of that number in a cluster's directory and block of ports.
func newAgent(id int, program, dir string, port int) *agent {
	first := port + portsPerAgent*id
	a := &agent{id: id, name: "server", program: program, http: first, rpc: first + 1, serf: first + 2}
	if id > 0 {
		a.name = fmt.Sprint("client", id)
		a.firstDynamic = port + portsPerAgent*(1+maxClients) + portsForTasks*(id-1)
		a.lastDynamic = a.firstDynamic + portsForTasks - 1
	}
	// Short, as there are sockets below it.
	a.dir = filepath.Join(dir, fmt.Sprint(id))
	a.logFile = filepath.Join(dir, a.name+".log")
	return a
}

// prepare writes what the agent finds when it starts.
func (a *agent) prepare(config string) error {
	// Nomad fetches artifacts as nobody.
	if err := os.Mkdir(a.dir, 0o755); err != nil {
		return fmt.Errorf("make an agent's directory: %w", err)
	}
	if err := os.WriteFile(a.settings(), []byte(config), 0o666); err != nil {
		return fmt.Errorf("write an agent's settings: %w", err)
	}
	return nil
}

// start starts the process; it isn't ready then.
func (a *agent) start() error {
	log, err := os.OpenFile(a.logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("open an agent's log: %w", err)
	}
	defer func() { _ = log.Close() }()                               // the child has its own
	cmd := exec.Command(a.program, "agent", "-config", a.settings()) //nolint:noctx // it ends by stop or kill
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = a.dir, log, log, a.environment()
	alone(cmd)
	a.begun, a.cut = time.Now(), false
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", a.name, err)
	}
	ended := make(chan struct{})
	a.cmd, a.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // how it ended is known to who ended it, or stands in its log
		close(ended)
	}()
	return nil
}

// environment is what an agent needs and no more: Nomad gives it to all tasks, and
// what happens to be set where tests run would be missing elsewhere.
func (a *agent) environment() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + a.dir,
		"CHECKPOINT_DISABLE=1",
		nodeVariable + "=" + a.dir,
	}
}

// kill ends the agent without asking, and waits for that.
func (a *agent) kill() {
	_ = a.cmd.Process.Kill() // it fails for a process that has ended
	<-a.ended
	a.cmd = nil
}

// stop asks the agent to end.
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
		return fmt.Errorf("%s didn't stop within %v; the end of its log:\n%s", a.name, stopTimeout, a.lastWords())
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

func (a *agent) settings() string { return filepath.Join(filepath.Dir(a.dir), a.name+".hcl") }

// lastWords are the end of the agent's log, for a message.
func (a *agent) lastWords() string {
	log, err := os.ReadFile(a.logFile)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(all[max(0, len(all)-20):], "\n")
}
