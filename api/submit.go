package api

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

// submitCommand has a Nomad cluster run the program. Its flags say where the containers
// run, and what each of them has; those of jobFlags they get themselves.
type submitCommand struct {
	nomadFlags

	Yes    bool   `help:"Don't ask."`
	Detach bool   `help:"Don't wait until the containers are well."`
	DryRun bool   `help:"Register nothing, and bring the program nowhere: show what would change. The exit code is 1 if the job would be refused."`
	Export string `placeholder:"FILE" help:"Register nothing: write the job's JSON to a file, or to standard output (-), for nomad job run -json FILE or a pipeline of your own."`
	Build  string `placeholder:"FILE" help:"Register nothing: build the program for the nodes, into a file."`

	Containers []string `placeholder:"N|STAGE=N" help:"Containers of each stage, or of one; may be repeated (default: as many as the job has, 1 if it is new)."`
	CPU        []string `name:"cpu" placeholder:"MHZ|STAGE=MHZ" help:"The share of the processors of each container, or of those of one stage; may be repeated (default: 1000)."`
	Cores      []string `placeholder:"N|STAGE=N" help:"Processors of its own for each container, or for those of one stage, instead of a share; may be repeated."`
	Disk       string   `default:"1GB" help:"Room that a node must have for the state and the logs of a container."`

	Datacenter []string `placeholder:"NAME" help:"Run in these datacenters only; may be repeated (default: all of the region)."`
	NodePool   string   `placeholder:"NAME" help:"The nodes' pool."`
	Priority   int      `placeholder:"N" help:"The job's priority (default: 50)."`
	Constraint []string `sep:"none" placeholder:"\"ATTR OP VALUE\"" help:"Run on such nodes only, as in \"node.class = ssd\"; may be repeated."`
	Affinity   []string `sep:"none" placeholder:"\"ATTR OP VALUE [WEIGHT]\"" help:"Run on such nodes if possible, or, of negative weight, on others; may be repeated."`
	Driver     string   `default:"exec" help:"What runs the program on the nodes: exec, or raw_exec, where all containers see each other."`

	Binary       string `placeholder:"FILE" help:"This program as it was built for the nodes, linked statically (default: the one that runs, if it is that, or else it is built). The plan is made by the one that runs, so both must have the same pipeline: if it runs here, it is asked."`
	Platform     string `placeholder:"OS/ARCH" help:"What the nodes are, in Go's words (default: linux, and the architecture of this machine)."`
	State        string `default:"rocksdb" enum:"rocksdb,memory" help:"Where containers keep their state: rocksdb, or memory. The program is built for that."`
	Artifacts    string `placeholder:"URL" help:"A store of programs, from which nodes fetch them: what isn't there is put there, to URL/SHA256, by HTTP PUT."`
	ArtifactsKey string `name:"artifacts-header-file" placeholder:"FILE" help:"A file with the header that the store wants to see with that, as in Authorization: Bearer …"`
	Artifact     string `placeholder:"URL" help:"Where the program of -binary is already, and nodes get it from."`
	Installed    string `placeholder:"PATH" help:"Where the program is on all nodes already."`

	LostAfter  time.Duration `default:"1m" help:"How long a node may be silent before its containers are started elsewhere."`
	MinHealthy time.Duration `default:"10s" help:"How long a container that was started anew must be healthy before the next one is."`
	Healthy    time.Duration `name:"healthy-within" default:"2m" help:"How long it may take to become so."`
	Progress   time.Duration `name:"progress-within" default:"5m" help:"How long none may have become well before the version is given up, for the one before."`

	jobFlags
}

// Help is what stands before the flags.
func (*submitCommand) Help() string {
	return `It asks the cluster of -kafka for the job's topics, and by which plan it runs; brings the program to where the nodes of the Nomad cluster fetch it; shows what would change, and asks; registers the job, and waits until its containers are well.

Containers on Nomad get the flags of run that are given here, and what of Kafka is in the environment or in -kafka-config. ` +
		`Secrets are in no job: they are read from the Nomad Variable nomad/jobs/APP, by these items, of which it says which are needed:

GRETE_TOKEN, the token that requests to the job must bear;
GRETE_KAFKA_PASSWORD, the password of -kafka-user;
GRETE_KAFKA_CA, GRETE_KAFKA_CERT, GRETE_KAFKA_KEY, what is in the files of -kafka-ca, -kafka-cert and -kafka-key.`
}

// Run does it.
func (s *submitCommand) Run(ctx context.Context, a *App, c console, parsed *kong.Context) error {
	sub := &submission{submitCommand: s, app: a, console: c}
	if s.Build != "" {
		return sub.build(ctx)
	}
	cfg, err := s.config(parsed)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	sub.cfg = cfg
	if s.Export != "" {
		return sub.export(ctx)
	}
	return sub.run(ctx)
}

// export writes the job.
func (s *submission) export(ctx context.Context) (err error) {
	defer func() { err = s.cleanUp(err) }()
	if err := s.look(ctx); err != nil {
		return err
	}
	if s.Artifacts != "" {
		if err := s.ship(ctx); err != nil {
			return err
		}
	}
	b, err := exported(s.plan, s.cfg)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	if s.Export == standardOutput {
		_, err = s.console.out.Write(b)
	} else {
		err = os.WriteFile(s.Export, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("-export %s: %w", s.Export, err)
	}
	s.say("the job waits for its Nomad Variable: %s", s.putVariable(false))
	return nil
}

// standardOutput is the FILE that stands for it.
const standardOutput = "-"

func exported(plan *scheduler.Plan, cfg nomad.Config) ([]byte, error) {
	job, err := nomad.Job(plan, cfg)
	if err != nil {
		return nil, err
	}
	return nomad.Export(job)
}

// putVariable is the command that puts what the job needs into its variable, also where
// there is one already.
func (s *submission) putVariable(there bool) string {
	path, items := nomad.Variable(s.app.name, s.cfg)
	words := []string{"nomad var put"}
	if s.cfg.Namespace != "" {
		words = append(words, "-namespace "+s.cfg.Namespace)
	}
	if there {
		words = append(words, "-force")
	}
	words = append(words, path)
	for _, name := range items {
		value := "@FILE"
		if name == "GRETE_TOKEN" {
			value = "…"
		}
		words = append(words, name+"="+value)
	}
	return strings.Join(words, " ")
}
