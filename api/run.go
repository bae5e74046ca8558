package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// runCommand runs the pipeline in this process, on the embedded log or on Kafka.
type runCommand struct {
	Data       string   `placeholder:"DIR" help:"Where the log and the state are (default: .grete/<app>; with -once, and not on Kafka, a directory that is thrown away)."`
	Containers int      `default:"1" help:"Containers of each stage."`
	Processes  *int     `placeholder:"N" help:"On Kafka: run the containers in so many processes of this machine, each with -containers of every stage and a directory below -data, which are started again when they fail (default: in this process)."`
	Stage      string   `placeholder:"NAME" help:"On Kafka: run the containers of this stage alone. Other processes run the others (default: all stages)."`
	Feed       []string `sep:"none" placeholder:"TOPIC=FILE" help:"First append the lines of a file to a topic; - is standard input. May be repeated."`
	Key        []string `sep:"none" placeholder:"TOPIC=FIELD" help:"The JSON field of fed lines that is their key."`
	Once       bool     `help:"Stop when the inputs, as they are at the start, are processed and all windows closed."`
	Print      string   `placeholder:"TOPIC" help:"Write this run's records of an output topic to standard output, one JSON value a line. On a terminal, where samples are processed, all outputs are shown without it."`
	HTTP       string   `name:"http" default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Where the job is asked: its state, health and metrics (default: a free port on this machine); off: nowhere. On an address that others can reach it needs a token."`
	Advertise  string   `placeholder:"HOST:PORT" help:"Where others reach what -http serves, other processes of the job among them (default: where it listens, or this machine's first address if that is everywhere)."`
	TokenFile  string   `name:"token-file" placeholder:"FILE" help:"A file with the token that requests must bear, but for health. GRETE_TOKEN is the token itself."`

	jobFlags
}

// Run runs the pipeline as the program would without a command line, until ctx
// is done: on the embedded log, or on the cluster that GRETE_KAFKA names.
func (a *App) Run(ctx context.Context) error {
	r := runCommand{Containers: 1, jobFlags: jobFlags{Memory: "256MB", Commit: 500 * time.Millisecond, Session: 10 * time.Second, Refresh: 30 * time.Second}}
	return r.Run(ctx, a, console{out: os.Stdout, err: os.Stderr}, nil)
}

// defaultPartitions is how many an input topic gets that the job creates.
const defaultPartitions = 4

func partitionsOr(n int32) int32 {
	if n == 0 {
		return defaultPartitions
	}
	return n
}

// Run does it, step by step. It was parsed from a command line, if there was one.
func (c *runCommand) Run(ctx context.Context, a *App, con console, parsed *kong.Context) (err error) {
	r := &run{runCommand: *c, parsed: parsed, app: a, console: con}
	ctx, r.leave = r.parting.of(ctx)
	defer r.leave()
	if con.errIsTerminal {
		r.screen.terminal = con.err
		r.console.err = r.screen.above(con.err)
	}
	if con.outIsTerminal {
		r.console.out = r.screen.above(con.out)
	}
	r.log = newLogger(r.console)
	defer func() { err = r.cleanUp(err) }()
	for _, step := range []func(context.Context) error{
		r.check, r.lockData, r.identify, r.openLog, r.createInputs, r.plan, r.goOn, r.beAlone, r.waitForOthers, r.checkChangelogs, r.createTopics, r.openPrinters, r.feedFiles, r.openEngine, r.serve, r.start,
	} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return nil // asked to stop: whatever was finished is committed
			}
			return r.explain(err)
		}
	}
	return nil
}

// A run is what the run command has made so far.
type run struct {
	runCommand
	parsed  *kong.Context
	app     *App
	console console
	log     *slog.Logger

	memory     int64          // of each container
	kafka      *kafka.Options // nil: the embedded log
	thrownAway bool
	locked     io.Closer // the data directory
	identity   string    // of this process, where it shares the job
	positions  *recovery.Positions
	system     stream.System
	feeds      []feed
	fed        []stream.Position // where the topics that were fed end
	created    int               // topics, of those that the pipeline reads
	planned    *scheduler.Plan
	before     *scheduler.Plan // by which the job ran last; nil: it never has
	grown      *scheduler.Plan // by which to go on, once watchInputs has said errGrown
	admission  *admission
	printers   []*printer
	engine     kv.Engine
	registry   *metrics.Registry
	readers    container.Readers
	neighbours membership.Peers
	wishes     membership.MoveRequests
	hold       membership.Hold
	parting    parting
	leave      func() // ends the run, as Ctrl-C does: not as who will be back
	token      string // of HTTP; empty: none
	server     *httpapi.Server
	screen     screen
}

func (r *run) plan(ctx context.Context) error {
	known, err := r.app.metadata(ctx, r.system.Admin())
	if err != nil {
		return err
	}
	if r.planned, err = r.planFor(known); err != nil || r.Stage == "" {
		return err
	}
	if _, err := r.planned.Stage(r.Stage); err != nil {
		return fmt.Errorf("-stage: %w; %w", err, errUsage)
	}
	return nil
}

func (r *run) planFor(known scheduler.Metadata) (*scheduler.Plan, error) {
	return r.app.Plan(known, scheduler.Options{Containers: r.Containers, Partitions: r.Partitions})
}

func (r *run) createTopics(ctx context.Context) error {
	return topics.Create(ctx, r.system.Admin(), r.planned, topics.Options{Replication: r.Replication})
}

// openPrinters opens what is to be printed: the topic of -print, or, where a
// person looks at samples, all outputs.
func (r *run) openPrinters(ctx context.Context) error {
	topics := []string{r.Print}
	if r.Print == "" {
		topics = nil
		if r.sampling() && r.console.outIsTerminal {
			topics = r.outputTopics()
		}
	}
	for _, t := range topics {
		p, err := newPrinter(ctx, r.app, r.system, t, r.console.out)
		if err != nil {
			return err
		}
		r.printers = append(r.printers, p)
	}
	return nil
}

// outputTopics are those that this process writes to.
func (r *run) outputTopics() []string {
	var topics []string
	for _, s := range r.stages() {
		for _, out := range s.Outputs {
			if !out.Repartition {
				topics = append(topics, out.Topic)
			}
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// feedFiles appends what is new in the files. Standard input is fed while the
// pipeline runs, unless the run is to end with its inputs.
func (r *run) feedFiles(ctx context.Context) error {
	for _, f := range r.feeds {
		if f.file == standardInput && !r.Once {
			continue
		}
		fed, err := f.run(ctx, r.system)
		if err != nil {
			return err
		}
		r.fed = append(r.fed, fed...)
	}
	return nil
}

// openEngine divides the memory between the engine and Go's heap.
func (r *run) openEngine(context.Context) (err error) {
	if r.supervises() {
		return nil
	}
	containers := 0
	for _, s := range r.stages() {
		containers += s.Containers
	}
	if os.Getenv("GOMEMLIMIT") == "" { // else the user has decided
		debug.SetMemoryLimit(container.GoMemory(containers, r.memory))
	}
	if r.engine, err = newEngine(container.EngineMemory(containers, r.memory)); err != nil {
		return fmt.Errorf("opening the state engine: %w", err)
	}
	return nil
}

// containers makes the configuration of each container.
func (r *run) containers(ctx context.Context) ([]container.Config, error) {
	base := container.Config{
		Program: r.app.Program(), System: r.system, Engine: r.engine,
		Dir: filepath.Join(r.Data, "state"), Positions: r.positions, Memory: r.memory, CommitInterval: r.Commit, Logger: r.log,
		AtLeastOnce: r.kafka != nil && r.AtLeastOnce, Readers: &r.readers, AtWork: r.admission.of, Hold: &r.hold,
	}
	if r.Once {
		if err := awaitEnds(ctx, r.system.Admin(), r.fed); err != nil {
			return nil, err
		}
		bounds, err := container.Bounds(ctx, r.system.Admin(), r.planned)
		if err != nil {
			return nil, err
		}
		base.Run, base.Bounds = time.Now().UnixNano(), bounds
	}
	mine := *r.planned
	mine.Stages = r.stages()
	configs := container.Configs(&mine, base)
	for i := range configs {
		configs[i].Counts = r.registry.Container(configs[i].Stage.Name, configs[i].Index)
		var err error
		if configs[i].Membership, err = r.sharing(configs[i].Index); err != nil {
			return nil, err
		}
	}
	return configs, nil
}

// cleanUp closes what is open, and removes what was for this run alone.
func (r *run) cleanUp(err error) error {
	errs := []error{err}
	if r.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		errs = append(errs, r.server.Close(ctx))
	}
	if r.engine != nil {
		errs = append(errs, r.engine.Close())
	}
	if r.system != nil {
		errs = append(errs, r.system.Close())
	}
	if r.locked != nil {
		errs = append(errs, r.locked.Close())
	}
	if r.thrownAway {
		errs = append(errs, os.RemoveAll(r.Data))
	}
	return errors.Join(errs...)
}
