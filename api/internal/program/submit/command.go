// Package submit has the command submit: it has a Nomad cluster run the program.
package submit

import (
	"context"
	"errors"
	"time"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/nomadjob"
	"github.com/gretestream/grete/nomad"
)

// Commands are those of this package.
type Commands struct {
	Submit Command `cmd:"" help:"Run the job on a Nomad cluster."`
}

// A Command submits the job. Its flags say where the containers run, and what each of
// them gets; the containers themselves get those of JobFlags.
type Command struct {
	Nomad nomadjob.Flags `embed:""`

	Yes    bool   `help:"Don't ask."`
	Detach bool   `help:"Don't wait until the containers are healthy."`
	DryRun bool   `help:"Register and upload nothing: show what would change. The exit code is 1 if the job would be refused."`
	Export string `placeholder:"FILE" help:"Register nothing: write the job's JSON to a file, or to standard output (-), for nomad job run -json FILE or a pipeline of your own."`
	Build  string `placeholder:"FILE" help:"Register nothing: build the program for the nodes, into a file."`

	Containers []string `placeholder:"N|STAGE=N" help:"Number of containers of each stage, or of one; may be repeated (default: as many as the job has, 1 if it is new)."`
	CPU        []string `name:"cpu" placeholder:"MHZ|STAGE=MHZ" help:"CPU share of each container, or of those of one stage; may be repeated (default: 1000)."`
	Cores      []string `placeholder:"N|STAGE=N" help:"Reserved cores of each container, or of those of one stage, instead of a share; may be repeated."`
	Disk       string   `default:"1GB" help:"Disk space for the state and the logs of a container."`

	Datacenter []string `placeholder:"NAME" help:"Datacenters to run in; may be repeated (default: all of the region)."`
	NodePool   string   `placeholder:"NAME" help:"Node pool to run in (default: the namespace's)."`
	Priority   int      `placeholder:"N" help:"Priority of the job (default: 50)."`
	Constraint []string `sep:"none" placeholder:"\"ATTR OP VALUE\"" help:"Constraint on the nodes, as in \"node.class = ssd\"; may be repeated."`
	Affinity   []string `sep:"none" placeholder:"\"ATTR OP VALUE [WEIGHT]\"" help:"Preference for nodes, or, with a negative weight, against them; may be repeated."`
	Driver     string   `default:"exec" help:"Task driver: exec, or raw_exec, which doesn't isolate containers from each other."`

	Binary       string `placeholder:"FILE" help:"Build of this program for the nodes, linked statically (default: the running program if it is suitable, else a new build). The running program makes the plan, so both must have the same pipeline; if FILE runs here, that is checked."`
	Platform     string `placeholder:"OS/ARCH" help:"Platform of the nodes, in Go's words (default: linux, and the architecture of this machine)."`
	State        string `default:"rocksdb" enum:"rocksdb,memory" help:"Where containers keep their state: rocksdb, or memory. The program is built for it."`
	Artifacts    string `placeholder:"URL" help:"Artifact store, from which nodes fetch programs. A program that it hasn't is uploaded to URL/SHA256, by HTTP PUT."`
	ArtifactsKey string `name:"artifacts-header-file" placeholder:"FILE" help:"File with a header to send with uploads, as in Authorization: Bearer …"`
	Artifact     string `placeholder:"URL" help:"URL from which nodes fetch the program of -binary; nothing is uploaded."`
	Installed    string `placeholder:"PATH" help:"Path of the program on all nodes; nothing is uploaded."`

	LostAfter  time.Duration `default:"1m" help:"How long a node may be silent before its containers are replaced."`
	MinHealthy time.Duration `default:"10s" help:"How long a restarted container must be healthy before the next one restarts."`
	Healthy    time.Duration `name:"healthy-within" default:"2m" help:"How long a restarted container may take to become healthy."`
	Progress   time.Duration `name:"progress-within" default:"5m" help:"How long a version may go without another healthy container before Nomad reverts to the previous version."`

	access.ServerFlags
	cluster.JobFlags
}

// Help is printed before the flags.
func (*Command) Help() string {
	return `submit asks the cluster of -kafka for the job's topics and for the plan that it runs by; uploads the program to where the nodes of the Nomad cluster fetch it; shows what would change, and asks; registers the job, and waits until its containers are healthy.

Containers on Nomad get the flags of run that are given here, and the Kafka settings of the environment and of -kafka-config. ` +
		`Secrets never enter the job specification: containers read them from the Nomad Variable nomad/jobs/APP, in these items; submit says which of them the job needs:

GRETE_TOKEN, the token that requests to the job need; GRETE_READ_TOKEN, with -read-token-file, that of requests for the job and the metrics;
GRETE_HTTP_CERT, GRETE_HTTP_KEY, GRETE_HTTP_CA, the contents of the files of -http-cert, -http-key and -http-ca;
GRETE_KAFKA_PASSWORD, the password of -kafka-user;
GRETE_KAFKA_CA, GRETE_KAFKA_CERT, GRETE_KAFKA_KEY, the contents of the files of -kafka-ca, -kafka-cert and -kafka-key.`
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console, parsed *kong.Context) error {
	if k.Build != "" {
		return k.build(ctx, c)
	}
	cfg, err := k.config(parsed)
	if err != nil {
		return program.Usage(err)
	}
	if k.Export != "" {
		return k.export(ctx, p, c, cfg)
	}
	return k.submit(ctx, p, c, cfg)
}

// submit plans the job, ships the program and registers the job. It changes nothing on
// Nomad before the user confirms.
func (k *Command) submit(ctx context.Context, p program.Pipeline, c program.Console, cfg nomad.Config) (err error) {
	client, err := k.Nomad.Open(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	pl, err := k.plan(ctx, p, c)
	if err != nil {
		return err
	}
	cfg.Apart = pl.apart
	if err := checkVariable(ctx, c, client, cfg); err != nil {
		return err
	}
	var sent shipment
	defer func() { err = errors.Join(err, sent.close()) }()
	if err := k.ship(ctx, c, client, &cfg, &sent); err != nil {
		return err
	}
	s := &submission{flags: k, job: pl, console: c, client: client, cfg: cfg}
	proposal, err := s.run(ctx)
	if err != nil || proposal == nil {
		return err
	}
	return s.showAddresses(ctx, proposal, sent.server != nil)
}
