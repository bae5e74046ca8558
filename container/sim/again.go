package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// resetAttempts is how often a reset is run, where it is killed, and requests are lost.
const resetAttempts = 60

// again resets the job to its beginning, while requests and processes go wrong, and
// has it do everything once more: on its disks as they are.
func (s *Simulation) again() error {
	for _, of := range s.slots {
		of.retired = true
		for _, p := range slices.Clone(of.alive) {
			p.stop(nil)
		}
	}
	stopped := func() bool {
		return !slices.ContainsFunc(s.slots, func(of *slot) bool { return len(of.alive) > 0 })
	}
	if err := s.until(patience, stopped); err != nil || !stopped() {
		return fmt.Errorf("it doesn't stop: %w", errors.Join(err))
	}
	from := s.ends()
	done, err := s.resetUnderWay()
	if err != nil {
		return err
	}
	if !done {
		if err := s.resetUntilDone(); err != nil {
			return err
		}
		from = s.ends()
	}
	for _, of := range s.slots {
		of.retired = false
		s.supervise(of)
	}
	if err := s.until(patience, s.done); err != nil {
		return fmt.Errorf("after a reset: %w", err)
	}
	if !s.done() {
		return fmt.Errorf("%s after a reset it isn't done: %s", patience, s.remaining())
	}
	if err := s.checkFrom(from); err != nil {
		return fmt.Errorf("after a reset: %w", err)
	}
	return nil
}

// ends are those of all topics.
func (s *Simulation) ends() map[stream.TopicPartition]int64 {
	ends := make(map[stream.TopicPartition]int64)
	for _, t := range s.plan.Topics {
		for p := range t.Partitions {
			tp := stream.TopicPartition{Topic: t.Name, Partition: p}
			ends[tp] = s.network.cluster.HighWatermark(tp)
		}
	}
	return ends
}

// resetUnderWay runs a reset while a container is started, where containers are
// seen by it: either the reset is done, and the container has started over, or it is
// refused. It tells which.
func (s *Simulation) resetUnderWay() (done bool, err error) {
	if !s.job.Shared || s.World.Often(2) {
		return false, nil
	}
	s.resetting = true
	defer func() { s.resetting = false }()
	of := s.slots[s.World.chance.IntN(len(s.slots))]
	before := of.started
	s.World.After(s.World.Within(time.Second), func() { s.launch(of) })
	p := s.startReset(0)
	if err := s.until(patience, func() bool { return p.ended && of.started > before }); err != nil {
		return false, err
	}
	if p.ended && p.err == nil {
		return true, nil
	}
	s.trace.Add(p.name, "isn't done: %v", p.err)
	for _, p := range slices.Clone(of.alive) {
		p.kill()
	}
	return false, nil
}

// startReset starts a process that resets the job.
func (s *Simulation) startReset(n int) *Process {
	p := s.newProcess("reset#" + itoa(n))
	s.World.start(p, func() {
		p.err = p.reset()
		p.ended = true
	})
	return p
}

// resetUntilDone runs a reset again and again, until one is neither killed nor fails.
func (s *Simulation) resetUntilDone() error {
	s.resetting = true
	defer func() { s.resetting = false }()
	for n := 1; n <= resetAttempts; n++ {
		p := s.startReset(n)
		over := func() bool { return p.ended || p.dead }
		if s.World.Often(2) {
			s.World.After(s.World.Within(2*time.Second), func() {
				if !over() {
					s.trace.Add(p.name, "is killed")
					p.dead = true
					s.World.abandon(func(t *thread) bool { return t.process == p })
				}
			})
		}
		if err := s.until(patience, over); err != nil {
			return err
		}
		if p.ended && p.err == nil {
			s.trace.Add(p.name, "is done")
			return nil
		}
		s.trace.Add(p.name, "isn't done: %v", p.err)
		if err := s.until(s.World.Within(5*time.Second), func() bool { return false }); err != nil && s.failed != nil {
			return err
		}
	}
	return fmt.Errorf("%d resets aren't enough", resetAttempts)
}

// reset is what the command does.
func (p *Process) reset() error {
	ctx := context.Background()
	logger := slog.New(p.sim.trace.handler(p.name))
	sys, err := kafka.OpenOn(ctx, p.link, kafka.Options{Logger: logger})
	if err != nil {
		return err
	}
	base := reset.Config{System: sys, Now: p.Now, Await: p.await, NewID: func() string { return p.name }, Logger: logger}
	x, err := reset.Prepare(ctx, p.sim.plan, base, reset.Target{Start: new(int64)})
	if err == nil {
		err = x.Run(ctx)
	}
	return errors.Join(err, sys.Close())
}

// checkFrom is check, of what has come since.
func (s *Simulation) checkFrom(from map[stream.TopicPartition]int64) error {
	for i := range s.plan.Stages {
		if err := s.checkOffsets(&s.plan.Stages[i]); err != nil {
			return err
		}
	}
	return s.job.Check(func(tp stream.TopicPartition) []stream.Record {
		return slices.DeleteFunc(slices.Clone(s.network.cluster.Records(tp, true)), func(r stream.Record) bool { return r.Offset < from[tp] })
	})
}
