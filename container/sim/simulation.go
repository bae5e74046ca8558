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

	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// A Simulation is one run of a job, by one seed.
type Simulation struct {
	World *World
	Hits  map[Fault]int // how often what went wrong
	// Unowned is the longest that a task that is shared had no owner, or two, when
	// nothing went wrong any more.
	Unowned time.Duration

	job     Job
	plan    *scheduler.Plan
	trace   *Trace
	network *network
	faults  Faults
	calm    bool // nothing goes wrong any more
	// watching: all tasks must have owners, until all is done.
	watching bool
	// resetting: the job is being reset, and requests go wrong again.
	resetting bool
	// handingOver: markers come late to the offsets of groups.
	handingOver bool
	commits     int // that have come to a broker while things go wrong
	endsSent    int // of transactions, that were sent while things go wrong
	unfed       int // records of the feed
	slots       []*slot
	layouts     int // slots, ever
	disks       int // ever

	standbys int // of each task
	versions map[groupGeneration]*Process
	failed   error
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
	w := NewWorld(seed)
	trace.now, trace.begin = w.Now, w.now
	s := &Simulation{World: w, Hits: make(map[Fault]int), job: job, trace: trace, versions: make(map[groupGeneration]*Process)}
	s.network = &network{sim: s, cluster: kafkasim.New(brokers), brokers: make([]broker, brokers), withheld: make(map[string]time.Time)}
	s.faults = w.draw()
	if job.Shared {
		s.standbys = w.chance.IntN(2)
	}
	return s
}

// Run lets things go wrong for a while, then lets everything come to an end, and
// checks what has come of it.
func (s *Simulation) Run() error {
	// What still runs keeps its whole world in memory.
	defer s.World.abandon(func(*thread) bool { return true })
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
	s.endFaults()
	err := s.handOvers()
	if err == nil {
		err = s.until(patience, s.done)
	}
	s.watching = false
	if err != nil {
		return err
	}
	if !s.done() {
		return fmt.Errorf("after %s without faults it isn't done: %s", patience, s.remaining())
	}
	if err := s.check(); err != nil || !s.job.Reset {
		return err
	}
	return s.again()
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
	p := s.newProcess("setup")
	var made error
	s.World.start(p, func() {
		sys, err := kafka.OpenOn(context.Background(), p.link, kafka.Options{})
		if err == nil {
			err = errors.Join(topics.Create(context.Background(), sys.Admin(), s.plan, topics.Options{}), sys.Close())
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

func itoa(n int) string { return strconv.Itoa(n) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
