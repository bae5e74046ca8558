package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

// submitCommand makes the job for a Nomad cluster. Its flags say where the containers
// run, and what each of them has; those of jobFlags they get themselves.
type submitCommand struct {
	Export string `placeholder:"FILE" help:"Write the job's JSON to a file, or to standard output (-), for nomad job run -json FILE or a pipeline of your own."`

	Containers []string `placeholder:"N|STAGE=N" help:"Containers of each stage, or of one; may be repeated (default: 1)."`
	CPU        []string `name:"cpu" placeholder:"MHZ|STAGE=MHZ" help:"The share of the processors of each container, or of those of one stage; may be repeated (default: 1000)."`
	Cores      []string `placeholder:"N|STAGE=N" help:"Processors of its own for each container, or for those of one stage, instead of a share; may be repeated."`
	Disk       string   `default:"1GB" help:"Room that a node must have for the state and the logs of a container."`

	Datacenter []string `placeholder:"NAME" help:"Run in these datacenters only; may be repeated (default: all of the region)."`
	Namespace  string   `placeholder:"NAME" help:"The job's namespace."`
	Region     string   `placeholder:"NAME" help:"The job's region."`
	NodePool   string   `placeholder:"NAME" help:"The nodes' pool."`
	Priority   int      `placeholder:"N" help:"The job's priority (default: 50)."`
	Constraint []string `sep:"none" placeholder:"\"ATTR OP VALUE\"" help:"Run on such nodes only, as in \"node.class = ssd\"; may be repeated."`
	Affinity   []string `sep:"none" placeholder:"\"ATTR OP VALUE [WEIGHT]\"" help:"Run on such nodes if possible, or, of negative weight, on others; may be repeated."`
	Driver     string   `default:"exec" help:"What runs the program on the nodes: exec, or raw_exec, where all containers see each other."`

	Binary    string `placeholder:"FILE" help:"The program, as it is behind the URL of -artifact: built for the nodes, and linked statically."`
	Artifact  string `placeholder:"URL" help:"Where nodes get the program from."`
	Installed string `placeholder:"PATH" help:"Where the program is on all nodes already, instead of -artifact."`

	jobFlags
}

// Help is what stands before the flags.
func (*submitCommand) Help() string {
	return `For now it exports the job, with -export. The cluster of -kafka is asked for its topics.

Containers on Nomad get the flags of run that are given here, and what of Kafka is in the environment or in -kafka-config. ` +
		`Secrets are in no job: they are read from the Nomad Variable nomad/jobs/APP, by these items, of which it says which are needed:

GRETE_TOKEN, the token that requests to the job must bear;
GRETE_KAFKA_PASSWORD, the password of -kafka-user;
GRETE_KAFKA_CA, GRETE_KAFKA_CERT, GRETE_KAFKA_KEY, what is in the files of -kafka-ca, -kafka-cert and -kafka-key.`
}

// errOnlyExport is for what submit will do one day.
var errOnlyExport = errors.New("submit only exports the job for now: say -export FILE, and register that, as by nomad job run -json FILE")

// Run does it.
func (s *submitCommand) Run(ctx context.Context, a *App, c console, parsed *kong.Context) error {
	if s.Export == "" {
		return fmt.Errorf("%w; %w", errOnlyExport, errUsage)
	}
	cfg, err := s.config(parsed)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	plan, err := s.plan(ctx, a, c)
	if err != nil {
		return err
	}
	b, err := exported(plan, cfg)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	if s.Export == standardOutput {
		_, err = c.out.Write(b)
	} else {
		err = os.WriteFile(s.Export, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("-export %s: %w", s.Export, err)
	}
	_, err = fmt.Fprintf(c.err, "%s: %s\n", a.name, variableNote(a.name, cfg))
	return err
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

// plan is what is to run, by the topics of the cluster.
func (s *submitCommand) plan(ctx context.Context, a *App, c console) (plan *scheduler.Plan, err error) {
	o := scheduler.Options{Partitions: s.Partitions}
	if o.Containers, o.StageContainers, err = perStage("containers", s.Containers); err != nil {
		return nil, fmt.Errorf("%w; %w", err, errUsage)
	}
	where, err := s.Kafka.options()
	if err != nil {
		return nil, err
	}
	r, err := a.remote(ctx, c, *where, o)
	if err != nil {
		return nil, err
	}
	return r.plan, closing(nil, r.system)
}

// variableNote says what must be in the job's variable.
func variableNote(app string, cfg nomad.Config) string {
	path, items := nomad.Variable(app, cfg)
	var put []string
	for _, name := range items {
		value := "@FILE"
		if name == "GRETE_TOKEN" {
			value = "…"
		}
		put = append(put, name+"="+value)
	}
	namespace := ""
	if cfg.Namespace != "" {
		namespace = "-namespace " + cfg.Namespace + " "
	}
	return fmt.Sprintf("the job waits for its Nomad Variable: nomad var put %s%s %s", namespace, path, strings.Join(put, " "))
}
