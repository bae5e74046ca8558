package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/local"
)

// storesCommand is about state.
type storesCommand struct {
	List storesListCommand `cmd:"" help:"List the stores, with their types."`
	Dump storesDumpCommand `cmd:"" help:"Print all entries of a store, one JSON object a line: by a job that runs, over HTTP, and else from its changelog."`
}

type storesListCommand struct{}

func (storesListCommand) Run(_ context.Context, a *App, c console) error {
	plan, err := a.planAlone(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "STORE\tSTAGE\tLAYOUT\tKEY\tVALUE")
	for _, stage := range plan.Stages {
		for i := range stage.Stores {
			s := &stage.Stores[i]
			spec := plan.Spec(s)
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, stage.Name, spec.Layout, spec.Key, spec.Value)
		}
	}
	return w.Flush()
}

type storesDumpCommand struct {
	Store     string `arg:"" help:"The store, by the name of its operator."`
	Address   string `placeholder:"HOST:PORT" help:"Ask the process of the job that is there, rather than look for one. On the embedded log that is the only way while the job runs."`
	TokenFile string `name:"token-file" placeholder:"FILE" help:"A file with the job's token. GRETE_TOKEN is the token itself."`
	Data      string `placeholder:"DIR" help:"On the embedded log: where the job's log is (default: .grete/<app>)."`
	Memory    string `default:"256MB" help:"Memory to read a changelog with."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
}

func (d *storesDumpCommand) Run(ctx context.Context, a *App, c console) (err error) {
	plan, err := a.planAlone(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	if _, err := findStore(plan, d.Store); err != nil {
		return err // before anybody is asked
	}
	client, err := newJobClient(a.name, d.TokenFile)
	if err != nil {
		return err
	}
	defer client.close()
	memory, err := parseBytes(d.Memory)
	if err != nil {
		return fmt.Errorf("-memory: %w; %w", err, errUsage)
	}
	p := newEntryPrinter(c.out)
	switch where, optionsErr := d.Kafka.options(); {
	case d.Address != "":
		err = client.dump(ctx, []string{d.Address}, d.Store, p.print)
	case optionsErr != nil:
		return optionsErr
	case where == nil:
		err = d.onEmbeddedLog(ctx, a, memory, p.print)
	default:
		err = d.Kafka.visit(ctx, a, c, func(r *remote) error { return r.dump(ctx, client, d.Store, memory, p.print) })
	}
	if err != nil {
		err = fmt.Errorf("store %s: %w", d.Store, err)
	}
	return errors.Join(err, p.out.Flush())
}

// onEmbeddedLog reads the changelog of a job that doesn't run.
func (d *storesDumpCommand) onEmbeddedLog(ctx context.Context, a *App, memory int64, f func(httpapi.Entry) error) (err error) {
	data := d.Data
	if data == "" {
		data = a.dataDir()
	}
	if _, err := os.Stat(filepath.Join(data, "log")); err != nil {
		return fmt.Errorf("there is no embedded log in %s: say -data DIR, or -kafka HOST:PORT, or -address HOST:PORT of a process of the job", data)
	}
	lock, err := local.LockDir(data)
	if err != nil {
		return fmt.Errorf("data directory %s: %w; while the job runs there, say -address HOST:PORT, where it is asked", data, err)
	}
	defer func() { err = closing(err, lock) }()
	system, err := local.Open(filepath.Join(data, "log"), local.Options{})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, system) }()
	r, err := a.remoteOn(ctx, system, scheduler.Options{})
	if err != nil {
		return err
	}
	return r.dumpChangelog(ctx, d.Store, memory, f)
}

// A foundStore is one of the plan's.
type foundStore struct {
	*scheduler.Store
	stage *scheduler.Stage
}

func findStore(plan *scheduler.Plan, name string) (foundStore, error) {
	var names []string
	for i := range plan.Stages {
		stage := &plan.Stages[i]
		for n := range stage.Stores {
			if stage.Stores[n].Name == name {
				return foundStore{&stage.Stores[n], stage}, nil
			}
			names = append(names, stage.Stores[n].Name)
		}
	}
	slices.Sort(names)
	there := "there is none"
	if len(names) > 0 {
		there = "there are: " + strings.Join(names, ", ")
	}
	return foundStore{}, fmt.Errorf("there is no store %q; %s", name, there)
}

// An entryPrinter writes entries, one a line.
type entryPrinter struct {
	out  *bufio.Writer
	json *json.Encoder
}

func newEntryPrinter(to io.Writer) *entryPrinter {
	out := bufio.NewWriter(to)
	p := &entryPrinter{out, json.NewEncoder(out)}
	p.json.SetEscapeHTML(false)
	return p
}

func (p *entryPrinter) print(e httpapi.Entry) error { return p.json.Encode(e) }
