package sim

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream/kafka"
)

// A Process is one incarnation of a container: started on a machine, until it
// ends, or is killed.
type Process struct {
	sim     *Simulation
	name    string
	slot    *slot
	machine *machine
	link    *link
	skew    time.Duration // by how much its clock is wrong
	paused  bool
	dead    bool // killed
	ended   bool // by itself
	err     error
	stop    context.CancelCauseFunc
	moves   membership.MoveRequests
	has     []int32 // tasks, if they are shared
	version string  // of the program
	hold    membership.Hold
}

// A machine has a disk, and may have a process.
type machine struct {
	name     string
	disk     *disk
	identity string              // kept on the disk
	state    *recovery.Positions // that, too
	used     *Process
}

func (s *Simulation) newMachine(name string) *machine {
	m := &machine{name: name}
	s.wipe(m)
	return m
}

// wipe empties the machine's disk.
func (s *Simulation) wipe(m *machine) {
	s.disks++
	m.disk, m.identity, m.state = newDisk(s.World), "i"+itoa(s.disks), &recovery.Positions{}
}

// A slot is a container of the plan. It has one process, or, when that one is
// thought to be dead, another besides.
type slot struct {
	config   container.Config
	name     string
	machines []*machine
	started  int
	alive    []*Process
	planned  bool // to be started
	retired  bool // another layout has come
}

func (s *Simulation) newProcess(name string) *Process {
	p := &Process{sim: s, name: name}
	p.link = &link{process: p}
	return p
}

// launch starts a process on a machine that is free.
func (s *Simulation) launch(of *slot) {
	free := slices.DeleteFunc(slices.Clone(of.machines), func(m *machine) bool { return m.used != nil })
	if len(free) == 0 {
		return
	}
	m := free[s.World.chance.IntN(len(free))]
	of.started++
	p := s.newProcess(of.name + "#" + itoa(of.started))
	p.slot, p.machine, m.used, p.version = of, m, p, s.drawVersion()
	of.alive = append(of.alive, p)
	ctx, cancel := context.WithCancelCause(context.Background())
	p.stop = cancel
	s.trace.Add(p.name, "starts on %s, version %s", m.name, p.version)
	s.World.start(p, func() { p.run(ctx) })
}

// run is the process's main function.
func (p *Process) run(ctx context.Context) {
	p.err = p.container(ctx)
	p.ended = true
	if p.err != nil {
		p.sim.trace.Add(p.name, "fails: %v", p.err)
	} else {
		p.sim.trace.Add(p.name, "ends")
	}
	p.sim.gone(p)
}

// container is what the program does that users start.
func (p *Process) container(ctx context.Context) error {
	err := p.work(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // it was asked to stop before it had begun
	}
	return err
}

func (p *Process) work(ctx context.Context) error {
	logger := slog.New(p.sim.trace.handler(p.name))
	sys, err := kafka.OpenOn(ctx, p.link, kafka.Options{Logger: logger})
	if err != nil {
		return err
	}
	cfg := p.slot.config
	cfg.System, cfg.Engine, cfg.Now, cfg.Await, cfg.Go, cfg.Logger = sys, p.machine.disk, p.Now, p.await, p.link.Run, logger
	cfg.Hold, cfg.Observer = &p.hold, owned{process: p}
	if p.sim.job.Shared {
		cfg.Positions = p.machine.state
		cfg.Membership = &membership.Config{
			Group: sys, Instance: p.machine.identity, Host: p.machine.name, Address: p.address(), Compatibility: p.version, Standbys: p.sim.standbys, MoveRequests: &p.moves,
		}
	}
	return errors.Join(container.Run(ctx, cfg), sys.Close())
}

// owned notes which tasks the group assigns to a process.
type owned struct {
	container.NopObserver
	process *Process
}

// Rebalanced implements [container.Observer].
func (o owned) Rebalanced(r container.Rebalance) {
	o.process.has = r.Tasks
	o.process.sim.checkVersion(o.process, r)
}

// Now is the time as the process sees it.
func (p *Process) Now() time.Time { return p.sim.World.now.Add(p.skew) }

func (p *Process) await(ctx context.Context, d time.Duration, ready ...<-chan struct{}) {
	p.sim.World.wait(max(d, time.Nanosecond), func() bool {
		return ctx.Err() != nil || slices.ContainsFunc(ready, func(c <-chan struct{}) bool { return len(c) > 0 })
	})
	for _, c := range ready {
		select {
		case <-c:
		default:
		}
	}
}

// kill ends the process without asking, between two steps of it.
func (p *Process) kill() {
	p.sim.trace.Add(p.name, "is killed")
	p.dead = true
	p.sim.World.abandon(func(t *thread) bool { return t.process == p })
	if p.machine.disk.crash() {
		p.sim.Hits[tornWrite]++
	}
	p.sim.gone(p)
}
