package api

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/processes"
)

// supervises tells whether the containers are in processes that this one starts.
func (r *run) supervises() bool { return r.Processes != nil }

// checkProcesses looks at -processes, when it is known what the job runs on.
func (r *run) checkProcesses() error {
	switch {
	case !r.supervises():
		return nil
	case *r.Processes < 1:
		return fmt.Errorf("-processes %d: it must be positive", *r.Processes)
	case r.Once:
		return fmt.Errorf("-processes %d: a run with an end, -once, has the job to itself; -containers %[1]d shares it within this process", *r.Processes)
	case r.kafka == nil:
		return fmt.Errorf("-processes %d: the embedded log is for one process; -containers %[1]d shares the work within it, and -kafka HOST:PORT among several", *r.Processes)
	}
	return nil
}

// executor makes what runs the containers.
func (r *run) executor(ctx context.Context) (container.Executor, error) {
	if !r.supervises() {
		configs, err := r.containers(ctx)
		if err != nil || !r.shares() {
			return container.InProcess(configs), err
		}
		return &following{r, configs}, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for this program, to start it again: %w", err)
	}
	return &processes.Executor{Program: program, Args: r.processArgs(), Messages: r.console.err, Logger: r.log}, nil
}

// sayProcesses says what runs, and where.
func (r *run) sayProcesses() {
	r.say("-processes %d: what each says stands behind its number, [1] and so on, and what it keeps is in the directory of that number in %s", *r.Processes, r.Data)
}

// processArgs are the command lines of the processes: what was said to this one, but
// for what it does itself, and what each must have for itself.
func (r *run) processArgs() [][]string {
	all := make([][]string, *r.Processes)
	said := given(r.parsed, "processes", "data", "feed", "key", "print", "http", "advertise")
	for i := range all {
		args := append([]string{"run"}, said...)
		args = append(args, "--data="+filepath.Join(r.Data, strconv.Itoa(i+1)), "--http="+r.httpOf(i))
		if i == 0 && r.Advertise != "" {
			args = append(args, "--advertise="+r.Advertise)
		}
		all[i] = args
	}
	return all
}

// httpOf is where a process is asked: the first where this one was told, the others at
// a free port of the same address.
func (r *run) httpOf(i int) string {
	host, err := splitAddress(r.HTTP)
	if i == 0 || err != nil { // off, or nothing
		return r.HTTP
	}
	return net.JoinHostPort(host, "0")
}

// given renders the flags that a command line has given, each once, so that another
// process can be started with them: --name=value, a flag with several values once for
// each. Flags of these names are left out, and so are those that were left open,
// whatever they stand for. There are no secrets among them: no flag is one.
func given(parsed *kong.Context, except ...string) []string {
	var args []string
	var seen []*kong.Flag
	for _, p := range parsed.Path {
		f := p.Flag
		if f == nil || slices.Contains(seen, f) || slices.Contains(except, f.Name) {
			continue
		}
		seen = append(seen, f)
		for _, text := range texts(f) {
			args = append(args, "--"+f.Name+"="+text)
		}
	}
	return args
}

// texts are the values of a flag, as it reads them.
func texts(f *kong.Flag) []string {
	v := reflect.Indirect(f.Target)
	if v.Kind() != reflect.Slice {
		return []string{fmt.Sprint(v.Interface())}
	}
	all := make([]string, v.Len())
	for i := range all {
		all[i] = fmt.Sprint(v.Index(i).Interface())
		if f.Tag.Sep != -1 {
			all[i] = kong.JoinEscaped(all[i:i+1], f.Tag.Sep)
		}
	}
	return all
}
