package run

import (
	"context"
	"errors"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
)

// Commands are those of this package.
type Commands struct {
	Run Command `cmd:"" default:"withargs" help:"Run the pipeline. This is the default command."`
}

// A Command runs the pipeline, on the embedded log or on Kafka.
type Command struct {
	Data       string   `placeholder:"DIR" help:"Data directory, with the embedded log and the state (default: .grete/<app>; with -once on the embedded log, a temporary directory)."`
	Containers int      `default:"1" help:"Number of containers of each stage."`
	Processes  *int     `placeholder:"N" help:"On Kafka: run the containers in N processes on this machine, each with -containers of every stage and a directory below -data; processes that fail are restarted (default: run them in this process)."`
	Stage      string   `placeholder:"NAME" help:"On Kafka: run only the containers of this stage; other processes run the other stages (default: all stages)."`
	Instance   string   `placeholder:"NAME" help:"On Kafka: name of this process, which it keeps over its restarts: a process that returns under its name within -session-timeout keeps its tasks. A newer process of the same name replaces it (default: a name in the data directory)."`
	Feed       []string `sep:"none" placeholder:"TOPIC=FILE" help:"Append the lines of a file to a topic first; - is standard input. May be repeated."`
	Key        []string `sep:"none" placeholder:"TOPIC=FIELD" help:"JSON field of the lines of -feed that is their key (default: no key)."`
	Once       bool     `help:"Stop when the inputs, as they are at the start, are processed and all windows are closed."`
	Print      []string `sep:"none" placeholder:"TOPIC" help:"Print this run's records of an output topic, one JSON value a line. May be repeated (default: all outputs if the run processes samples on a terminal, else none)."`
	PrintKeys  bool     `name:"print-keys" help:"Print each record as an object with its topic, key and value."`
	HTTP       string   `name:"http" default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address of the HTTP API: the job's state, health and metrics (default: a free loopback port; off disables it). An address that other machines can reach needs a token."`
	Advertise  string   `placeholder:"HOST:PORT" help:"Address at which others, such as the job's other processes, reach the HTTP API (default: the address of -http, or, if that is all addresses, the first of this machine)."`
	TokenFile  string   `name:"token-file" placeholder:"FILE" help:"File with the token that requests need, except for health (default: GRETE_TOKEN, the token itself). A second line has another accepted token, while one replaces the other."`

	access.ServerFlags
	cluster.JobFlags
}

// Defaults returns the command of a program without a command line.
func Defaults() *Command {
	return &Command{Containers: 1, JobFlags: cluster.Defaults()}
}

// Run runs the pipeline until ctx is done, or, with -once, until the inputs are
// processed. parsed is the command line; nil: there is none.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console, parsed *kong.Context) (err error) {
	s, err := k.settings(p, parsed)
	if err != nil {
		return err
	}
	var n notice
	ctx, leave := n.apply(ctx)
	defer leave()
	shown := &screen{}
	c = shown.on(c)
	var open closers
	defer func() { err = errors.Join(err, open.close()) }()
	err = s.run(ctx, &session{console: c, log: c.Logger(), screen: shown, open: &open, notice: &n, leave: leave})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // a clean stop: what was finished is committed
	}
	return s.explain(err)
}

// run takes the steps of a run.
func (s *settings) run(ctx context.Context, on *session) error {
	conn, err := s.connect(ctx, on)
	if err != nil {
		return err
	}
	j, err := conn.plan(ctx)
	if err != nil {
		return err
	}
	if err := j.check(ctx); err != nil {
		return err
	}
	if err := j.createTopics(ctx, j.plan); err != nil {
		return err
	}
	printers, err := j.printers(ctx)
	if err != nil {
		return err
	}
	fed, err := j.feed(ctx)
	if err != nil {
		return err
	}
	beside := j.background(printers)
	if s.supervises() {
		return j.supervise(ctx, beside)
	}
	proc, err := j.open(ctx, len(printers) > 0)
	if err != nil {
		return err
	}
	return proc.run(ctx, beside, fed)
}
