package run

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A process is a job whose containers run in this process.
type process struct {
	*job
	engine   kv.Engine
	registry *metrics.Registry
	server   *httpapi.Server // nil: -http is off
	shared   *shared
}

// shared is what the containers of a process and its HTTP API share.
type shared struct {
	readers  container.Readers
	peers    membership.Peers
	requests membership.MoveRequests
	hold     membership.Hold
}

// open opens the state engine and the HTTP API, and says what runs where. printing means
// that the outputs are printed.
func (j *job) open(ctx context.Context, printing bool) (*process, error) {
	engine, err := j.openEngine()
	if err != nil {
		return nil, err
	}
	j.session.open.add(engine)
	build := metrics.ReadBuild()
	p := &process{
		job: j, engine: engine, shared: &shared{},
		registry: metrics.NewRegistry(metrics.Config{App: j.pipeline.App, Fingerprint: j.plan.Fingerprint, Build: build}),
	}
	j.describe()
	if j.HTTP != httpOff {
		if p.server, err = p.listen(ctx, build); err != nil {
			return nil, err
		}
		j.session.open.add(serverCloser{p.server})
		p.describeServer()
	}
	if outputs := j.outputs(); !printing && len(outputs) > 0 {
		j.console.Say("writes to %s; print one with -print TOPIC", strings.Join(outputs, ", "))
	}
	return p, nil
}

// openEngine divides the memory between the engine and Go's heap.
func (j *job) openEngine() (kv.Engine, error) {
	load := j.load()
	if os.Getenv("GOMEMLIMIT") == "" { // else the user has decided
		debug.SetMemoryLimit(load.GoMemory())
	}
	if err := j.checkLimits(load); err != nil {
		return nil, err
	}
	engine, err := cluster.NewEngine(load.EngineMemory(), load.Databases)
	if err != nil {
		return nil, fmt.Errorf("opening the state engine: %w", err)
	}
	return engine, nil
}

func (p *process) httpConfig(build metrics.Build) httpapi.Config {
	cfg := httpapi.Config{
		Address: p.HTTP, Advertise: p.Advertise, Tokens: p.tokens, ReadTokens: p.readTokens,
		Plan: p.plan, Cluster: p.system.ID(), Serdes: &p.pipeline.Serdes, Registry: p.registry, Readers: &p.shared.readers, Build: build,
	}
	if p.shares() {
		cfg.Owners, cfg.MoveRequests, cfg.Hold, cfg.Leave = &p.shared.peers, &p.shared.requests, &p.shared.hold, p.notice.set
		cfg.Stop = sync.OnceFunc(func() {
			p.console.Say("stopping, as requested over HTTP (by drain)")
			p.leave()
		})
	}
	return cfg
}

// listen starts the HTTP API. On a loopback address, without a token of the job, it has that
// of the user.
func (p *process) listen(ctx context.Context, build metrics.Build) (*httpapi.Server, error) {
	cfg := p.httpConfig(build)
	var err error
	cfg.Certificate, cfg.Peers, err = p.LoadTLS(p.pipeline.App, func(err error) { p.session.log.Warn("the TLS of the HTTP API", "error", err) })
	if err != nil {
		return nil, err
	}
	if len(cfg.Tokens) == 0 {
		cfg.Local = true
		if cfg.Tokens, cfg.TokenFile, err = access.MakeLocal(p.console.Config, p.pipeline.App); err != nil {
			// Nobody knows this one. The job doesn't need it.
			cfg.Tokens = signed.Tokens{signed.NewToken()}
			p.console.Say("stores can't be queried: %v; set GRETE_TOKEN, or add -token-file FILE", err)
		}
	}
	return httpapi.Listen(ctx, cfg)
}

// serverCloser closes a server within a second.
type serverCloser struct{ server *httpapi.Server }

// Close closes it.
func (s serverCloser) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return s.server.Close(ctx)
}

// run runs the containers, and the background work beside them. fed is where topics end
// to which files were appended.
func (p *process) run(ctx context.Context, beside *background, fed []stream.Position) error {
	adm := newAdmission(p.stages(p.plan))
	configs, err := p.containers(ctx, p.plan, fed, adm)
	if err != nil {
		return err
	}
	var executor container.Executor = container.InProcess(configs)
	if p.shares() {
		executor = &follower{p, adm, p.plan, configs}
	}
	beside.work = append(beside.work, func(ctx context.Context) error { return p.record(ctx, adm, p.plan) })
	if p.console.ErrIsTerminal {
		beside.show = append(beside.show, p.progress)
	}
	err = p.noteReplaced(beside.run(ctx, executor))
	if err == nil && p.Once {
		p.summarise()
	}
	return err
}

// record records the plan, once this process is admitted. If ctx is done before that it
// does nothing.
func (p *process) record(ctx context.Context, adm *admission, plan *scheduler.Plan) error {
	if !adm.wait(ctx) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	// Of two processes that start at the same time, at least one finds the other here: it
	// is a member of its group by now.
	if err := p.checkMisfits(ctx, plan, 0); err != nil {
		return err
	}
	if err := history.Record(ctx, p.system, plan, history.Running()); err != nil {
		return fmt.Errorf("recording the plan of this run: %w", err)
	}
	return nil
}
