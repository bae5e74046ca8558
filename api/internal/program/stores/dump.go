package stores

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A DumpCommand prints all entries of a store.
type DumpCommand struct {
	Store   string `arg:"" help:"The store, by the name of its operator."`
	Address string `placeholder:"HOST:PORT" help:"Address of the HTTP API of a process (default: that of any process that the cluster knows). On the embedded log it is required while the job runs."`
	Data    string `placeholder:"DIR" help:"On the embedded log: the job's data directory (default: .grete/<app>)."`
	Memory  string `default:"256MB" help:"Memory for reading a changelog."`

	Access access.ClientFlags `embed:""`
	Kafka  cluster.KafkaFlags `embed:"" group:"kafka"`
}

// Run runs the command.
func (k *DumpCommand) Run(ctx context.Context, p program.Pipeline, c program.Console) (err error) {
	plan, err := p.PlanOffline(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	if _, _, err := find(plan, k.Store); err != nil {
		return err
	}
	memory, err := program.ParseBytes(k.Memory)
	if err != nil {
		return program.Usage(fmt.Errorf("-memory: %w", err))
	}
	client, err := k.Access.Open(ctx, c.Config, p.App, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	to := newEntryPrinter(c.Out)
	d := dump{store: k.Store, serdes: &p.Serdes, memory: memory, tempDir: c.TempDir, show: to.show}
	switch where, optionsErr := k.Kafka.Options(); {
	case k.Address != "":
		err = client.Entries(ctx, []string{k.Address}, k.Store, to.show)
	case optionsErr != nil:
		return optionsErr
	case where == nil:
		err = k.dumpEmbedded(ctx, p, &d)
	default:
		err = remote.Visit(ctx, p, c, &k.Kafka, func(j *remote.Job) error { return d.job(ctx, j, client) })
	}
	if err != nil {
		err = fmt.Errorf("store %s: %w", k.Store, err)
	}
	return errors.Join(err, to.out.Flush())
}

// dumpEmbedded reads the changelog in the embedded log of a job that isn't running.
func (k *DumpCommand) dumpEmbedded(ctx context.Context, p program.Pipeline, d *dump) (err error) {
	data := k.Data
	if data == "" {
		data = cluster.DataDir(p.App)
	}
	if !cluster.HasLog(data) {
		return fmt.Errorf("there is no embedded log in %s: add -data DIR, -kafka HOST:PORT, or -address HOST:PORT of a process of the job", data)
	}
	lock, err := cluster.Lock(data)
	if err != nil {
		return fmt.Errorf("%w; while the job runs there, add -address HOST:PORT of its HTTP API", err)
	}
	defer func() { err = program.Close(err, lock) }()
	system, err := cluster.OpenLog(data, nil)
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, system) }()
	plan, _, err := remote.PlanOn(ctx, p, system, scheduler.Options{})
	if err != nil {
		return err
	}
	return d.changelog(ctx, system, plan)
}

// A dump prints all entries of a store.
type dump struct {
	store   string
	serdes  *serde.Registry
	memory  int64 // for reading a changelog
	tempDir func(pattern string) (string, error)
	show    func(httpapi.Entry) error
}

// job prints the entries of the processes that run the store's stage, or, if there are
// none, those of its changelog.
func (d *dump) job(ctx context.Context, j *remote.Job, client *jobclient.Client) error {
	_, stage, err := find(j.Plan, d.store)
	if err != nil {
		return err
	}
	view, err := j.Look(ctx, stage)
	if err != nil {
		return err
	}
	switch {
	case view.Foreign != "":
		return remote.ForeignError(stage, &view)
	case len(view.Members) == 0:
		return d.changelog(ctx, j.System, j.Plan)
	}
	addresses, err := remote.Addresses(view.Members)
	if err != nil {
		return fmt.Errorf("the job is running, but this machine can't reach its HTTP API: %w", err)
	}
	return client.Entries(ctx, addresses, d.store, d.show)
}

// An entryPrinter prints entries, one a line.
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

func (p *entryPrinter) show(e httpapi.Entry) error { return p.json.Encode(e) }
