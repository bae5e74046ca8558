package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// A Job is what is simulated.
type Job struct {
	// Plan makes the plan for a cluster with these inputs.
	Plan    func(inputs map[string]int32) (*scheduler.Plan, error)
	Program container.Program
	// Config is what the containers have in common, besides.
	Config container.Config
	// Inputs are the topics to be read, by name, with their partitions.
	Inputs map[string]int32
	// Feed is what comes to them, in the order of each partition.
	Feed []Fed
	// Check looks at the committed records of the outputs, when all is done.
	Check func(records func(tp stream.TopicPartition) []stream.Record) error
}

// A Fed is a record of an input.
type Fed struct {
	stream.TopicPartition
	stream.Record
}

// A Simulation is one run of a job, by one seed.
type Simulation struct {
	World *World
	Hits  map[Fault]int // how often what went wrong

	job     Job
	plan    *scheduler.Plan
	trace   *Trace
	network *network
	faults  Faults
	calm    bool // nothing goes wrong any more
	unfed   int  // records of the feed
	slots   []*slot
	layouts int // slots, ever
	failed  error
}

const (
	brokers = 3
	// storm is how long things go wrong.
	storm = 60 * time.Second
	// patience is how long all may take when nothing goes wrong any more: beyond
	// the longest that anything waits for, several times.
	patience = 15 * time.Minute
)

// New makes a simulation.
func New(seed uint64, job Job, trace *Trace) *Simulation {
	w := NewWorld(seed, trace)
	trace.now, trace.begin = w.Now, w.now
	s := &Simulation{World: w, Hits: make(map[Fault]int), job: job, trace: trace}
	s.network = &network{sim: s, cluster: kafkasim.New(brokers), brokers: make([]broker, brokers)}
	s.faults = w.draw()
	return s
}

// Run lets things go wrong for a while, then lets everything come to an end, and
// checks what has come of it.
func (s *Simulation) Run() error {
	s.calm = true
	if err := s.prepare(); err != nil {
		return err
	}
	s.calm = false
	s.trace.Add("world", "faults: %+v", s.faults)
	s.feed()
	s.ticks()
	for _, slot := range s.slots {
		s.launch(slot)
	}
	if err := s.until(storm, func() bool { return false }); err != nil {
		return err
	}
	s.heal()
	if err := s.until(patience, s.done); err != nil {
		return err
	}
	if !s.done() {
		return fmt.Errorf("after %s without faults it isn't done: %s", patience, s.remaining())
	}
	return s.check()
}

// until lets time pass, until done.
func (s *Simulation) until(d time.Duration, done func() bool) error {
	end := s.World.now.Add(d)
	look := s.World.now
	for s.World.now.Before(end) {
		if !s.World.Step() {
			if done() {
				return nil
			}
			return errors.New("nothing happens any more")
		}
		if s.failed != nil {
			return s.failed
		}
		if s.World.now.Before(look) {
			continue
		}
		look = s.World.now.Add(tick)
		if done() {
			return nil
		}
	}
	return nil
}

// fail ends the simulation.
func (s *Simulation) fail(format string, args ...any) {
	if s.failed == nil {
		s.failed = fmt.Errorf(format, args...)
	}
}

// prepare makes the topics, and the plan.
func (s *Simulation) prepare() (err error) {
	for _, topic := range sortedKeys(s.job.Inputs) {
		s.network.cluster.CreateTopic(topic, s.job.Inputs[topic])
	}
	if s.plan, err = s.job.Plan(s.job.Inputs); err != nil {
		return err
	}
	p := &Process{sim: s, name: "setup"}
	p.link = &link{process: p}
	var made error
	s.World.start(p, func() {
		sys, err := kafka.OpenOn(context.Background(), p.link, kafka.Options{})
		if err == nil {
			err = errors.Join(container.CreateTopics(context.Background(), sys.Admin(), s.plan, container.TopicOptions{}), sys.Close())
		}
		made = err
		p.ended = true
	})
	if err := s.until(time.Minute, func() bool { return p.ended }); err != nil {
		return err
	}
	for i := range s.plan.Stages {
		s.layOut(&s.plan.Stages[i])
	}
	return made
}

// layOut makes the slots of a stage, with machines of their own.
func (s *Simulation) layOut(stage *scheduler.Stage) {
	base := s.job.Config
	base.Program = s.job.Program
	for _, cfg := range container.Configs(&scheduler.Plan{App: s.plan.App, Stages: []scheduler.Stage{*stage}}, base) {
		s.layouts++
		of := &slot{config: cfg, name: fmt.Sprintf("%s/%d of %d", cfg.Stage.Name, cfg.Index, cfg.Stage.Containers)}
		for _, place := range []string{"a", "b"} {
			of.machines = append(of.machines, &machine{name: fmt.Sprintf("machine %d%s", s.layouts, place), disk: newDisk(s.World)})
		}
		s.slots = append(s.slots, of)
	}
}

// changeLayout gives a stage another number of containers, as somebody does who
// has stopped all of it and starts it anew. What the killed ones have begun isn't
// over yet. (Containers of two layouts at once don't know of each other before they
// have committed: it takes a group's generations to keep them apart.)
func (s *Simulation) changeLayout(stage *scheduler.Stage) {
	stage.Containers = 1 + stage.Containers%int(stage.Tasks)
	s.trace.Add("world", "stage %s gets %d containers", stage.Name, stage.Containers)
	s.slots = slices.DeleteFunc(s.slots, func(of *slot) bool {
		if of.config.Stage.Name != stage.Name {
			return false
		}
		of.retired = true
		for _, p := range slices.Clone(of.alive) {
			p.kill()
		}
		return true
	})
	before := len(s.slots)
	s.layOut(stage)
	for _, of := range s.slots[before:] {
		s.supervise(of)
	}
}

// feed appends the input over most of the storm, as another client would, whom the
// network doesn't spare either.
func (s *Simulation) feed() {
	p := &Process{sim: s, name: "feed"}
	p.link = &link{process: p}
	s.World.start(p, func() {
		if err := p.feed(context.Background()); err != nil {
			s.fail("feeding: %w", err)
		}
		p.ended = true
	})
}

func (p *Process) feed(ctx context.Context) error {
	sys, err := kafka.OpenOn(ctx, p.link, kafka.Options{})
	if err != nil {
		return err
	}
	producer, err := sys.OpenProducer(ctx, stream.ProducerConfig{AtLeastOnce: true})
	if err != nil {
		return err
	}
	rest := p.sim.job.Feed
	pause := storm / time.Duration(len(rest)/10+1)
	for len(rest) > 0 {
		n := min(1+p.sim.World.chance.IntN(20), len(rest))
		for i := range rest[:n] {
			w, err := producer.Writer(rest[i].Topic)
			if err != nil {
				return err
			}
			if err := w.Send(rest[i].Partition, &rest[i].Record); err != nil {
				return err
			}
		}
		rest = rest[n:]
		p.sim.unfed = len(rest) + 1
		if err := producer.Flush(ctx); err != nil {
			return err
		}
		if err := p.link.Sleep(ctx, p.sim.World.Within(pause)); err != nil {
			return err
		}
	}
	p.sim.unfed = 0
	return errors.Join(producer.Close(), sys.Close())
}

// gone is told when a process isn't there any more.
func (s *Simulation) gone(p *Process) {
	if p.slot == nil {
		return
	}
	p.machine.used = nil
	p.slot.alive = slices.DeleteFunc(p.slot.alive, func(o *Process) bool { return o == p })
	if p.err != nil && !errors.Is(p.err, stream.ErrFenced) {
		s.fail("%s failed: %w", p.name, p.err)
	}
	s.supervise(p.slot)
}

// supervise starts a slot's process again a little later, if it has none.
func (s *Simulation) supervise(of *slot) {
	if of.planned || len(of.alive) > 0 || of.retired {
		return
	}
	of.planned = true
	soon := 3 * time.Second
	if s.World.Often(2) {
		soon = 50 * time.Millisecond
	}
	s.World.After(s.World.Within(soon), func() {
		of.planned = false
		if len(of.alive) > 0 || of.retired {
			return
		}
		for _, m := range of.machines {
			if s.hit(s.faults.Wipes, wipe) {
				s.trace.Add(m.name, "the disk is wiped")
				m.disk = newDisk(s.World)
			}
		}
		s.launch(of)
	})
}

// ticks let things go wrong with brokers and processes.
func (s *Simulation) ticks() {
	s.World.After(tick, func() {
		if s.calm {
			return
		}
		s.hurtBrokers()
		for i := range s.plan.Stages {
			if s.hit(s.faults.Layouts, layout) {
				s.changeLayout(&s.plan.Stages[i])
			}
		}
		for _, of := range slices.Clone(s.slots) {
			for _, p := range slices.Clone(of.alive) {
				s.hurt(p)
			}
		}
		s.ticks()
	})
}

func (s *Simulation) hurt(p *Process) {
	w := s.World
	switch {
	case p.paused:
	case s.hit(s.faults.Kills, processKill):
		p.kill()
	case s.hit(s.faults.Stops, cleanStop):
		s.trace.Add(p.name, "is asked to stop")
		p.stop()
	case s.hit(s.faults.ClockJumps, clockJump):
		p.skew += w.Within(2*time.Minute) - time.Minute
		s.trace.Add(p.name, "its clock jumps to %s", p.skew)
	case s.hit(s.faults.Pauses, pause):
		s.pause(p, w.Within(40*time.Second))
	case len(p.slot.alive) == 1 && s.hit(s.faults.Doubles, double):
		s.pause(p, w.Within(20*time.Second))
		s.launch(p.slot)
	}
}

func (s *Simulation) pause(p *Process, d time.Duration) {
	s.trace.Add(p.name, "stands still for %s", d)
	p.paused = true
	s.World.After(d, func() {
		if !p.dead && p.paused {
			s.trace.Add(p.name, "goes on")
			p.paused = false
		}
	})
}

func (s *Simulation) hurtBrokers() {
	n, w := s.network, s.World
	node := int32(w.chance.IntN(brokers)) + 1
	b := &n.brokers[node-1]
	all := 0
	for i := range n.brokers {
		if !n.brokers[i].dead && !n.brokers[i].paused {
			all++
		}
	}
	switch {
	case b.dead || b.paused || all < brokers-1:
	case s.hit(s.faults.BrokerKills, brokerKill):
		n.kill(node)
		w.After(w.Within(20*time.Second), func() { n.restart(node) })
	case s.hit(s.faults.BrokerPauses, brokerPause):
		n.pause(node)
		w.After(w.Within(20*time.Second), func() { n.resume(node) })
	case s.hit(s.faults.LeaderMoves, leaderMove):
		n.move(s.anyPartition())
	}
}

// heal ends everything that goes wrong.
func (s *Simulation) heal() {
	s.trace.Add("world", "no more faults")
	s.calm = true
	for i := range s.network.brokers {
		s.network.resume(int32(i) + 1)
		s.network.restart(int32(i) + 1)
	}
	for _, of := range s.slots {
		for _, p := range of.alive {
			p.paused = false
		}
		s.supervise(of)
	}
}

// anyPartition is one of the job's, or of a coordinator of it.
func (s *Simulation) anyPartition() stream.TopicPartition {
	of := s.slots[s.World.chance.IntN(len(s.slots))].config
	switch s.World.chance.IntN(4) {
	case 0:
		return kafkasim.CoordinatorOf(of.TransactionalID(), false)
	case 1:
		return kafkasim.CoordinatorOf(of.Stage.Group, true)
	}
	t := s.plan.Topics[s.World.chance.IntN(len(s.plan.Topics))]
	return stream.TopicPartition{Topic: t.Name, Partition: int32(s.World.chance.IntN(int(t.Partitions)))}
}

func itoa(n int) string { return strconv.Itoa(n) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
