package run

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/container/processes"
)

// checkProcesses checks -processes, once it is known what the job runs on.
func (s *settings) checkProcesses() error {
	switch {
	case !s.supervises():
		return nil
	case *s.Processes < 1:
		return fmt.Errorf("-processes %d: it must be positive", *s.Processes)
	case s.Once:
		return fmt.Errorf("-processes %d: a run with -once needs the job alone; to share the work within this process, use -containers %[1]d", *s.Processes)
	case s.kafka == nil:
		return fmt.Errorf("-processes %d: the embedded log is for one process; to share the work within it, use -containers %[1]d, or add -kafka HOST:PORT", *s.Processes)
	}
	return nil
}

// supervise runs the containers in processes of their own.
func (j *job) supervise(ctx context.Context, beside *background) error {
	j.console.Say("running %d processes: what each prints begins with its number, [1] and so on, and its data is in the directory of that number in %s", *j.Processes, j.data.path)
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program, to start it again: %w", err)
	}
	return beside.run(ctx, &processes.Executor{Program: program, Args: j.processArgs(j.data.path), Messages: j.console.Err, Logger: j.log})
}

// givenTo returns the flags that the processes get as they are.
func givenTo(parsed *kong.Context) []string {
	return program.Given(parsed, "processes", "data", "feed", "key", "print", "print-keys", "http", "advertise", "instance")
}

// processArgs returns the command lines of the processes: the flags of this one, without
// what it does itself, and with what each process must have for itself.
func (s *settings) processArgs(data string) [][]string {
	all := make([][]string, *s.Processes)
	for i := range all {
		args := slices.Concat([]string{"run"}, s.args, []string{"--data=" + filepath.Join(data, strconv.Itoa(i+1)), "--http=" + s.httpOf(i)})
		if i == 0 && s.Advertise != "" {
			args = append(args, "--advertise="+s.Advertise)
		}
		if s.Instance != "" {
			args = append(args, "--instance="+s.Instance+"-"+strconv.Itoa(i+1))
		}
		all[i] = args
	}
	return all
}

// httpOf returns the -http of a process: that of this one for the first, a free port of
// the same address for the others.
func (s *settings) httpOf(i int) string {
	host, err := hostOf(s.HTTP)
	if i == 0 || err != nil { // off, or empty
		return s.HTTP
	}
	return net.JoinHostPort(host, "0")
}
