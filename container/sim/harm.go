package sim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// ticks let things go wrong with brokers and processes.
func (s *Simulation) ticks() {
	s.World.After(tick, func() {
		s.network.stir() // time alone ends a session
		if s.calm && s.job.Shared {
			s.ticks()
		}
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
	case s.plannedTear(p):
		p.machine.disk.tear = true
		p.kill()
	case s.hit(s.faults.Kills, processKill):
		p.kill()
	case s.hit(s.faults.Stops, cleanStop):
		s.trace.Add(p.name, "is asked to stop")
		if s.World.Often(2) {
			p.stop(container.ErrBack)
		} else {
			p.stop(nil)
		}
	case s.hit(s.faults.ClockJumps, clockJump):
		p.skew += w.Within(2*time.Minute) - time.Minute
		s.trace.Add(p.name, "its clock jumps to %s", p.skew)
	case s.hit(s.faults.Pauses, pause):
		s.pause(p, w.Within(40*time.Second))
	case s.job.Shared && s.hit(s.faults.Moves, taskMove):
		s.moveTo(p, int32(w.chance.IntN(int(p.slot.config.Stage.Tasks)+1)))
	case s.job.Shared && s.hit(s.faults.Holds, inputsHeld):
		d := w.Within(8 * time.Second)
		containers, rest := p.hold.Until(p.Now().Add(d))
		s.trace.Add(p.name, "is to hold its inputs for %s: of %d containers %d do", d, containers, rest)
	case len(p.slot.alive) == 1 && s.hit(s.faults.Doubles, double):
		s.pause(p, w.Within(20*time.Second))
		s.launch(p.slot)
	}
}

// moveTo requests that a task of its stage moves to a process. The task may not exist.
func (s *Simulation) moveTo(p *Process, task int32) {
	s.trace.Add(p.name, "is to have task %d", task)
	if err := p.moves.Add(p.slot.config.Stage.Name, p.machine.identity, task); err != nil {
		s.trace.Add(p.name, "can't have it: %v", err)
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
	for _, id := range n.cluster.Brokers() {
		if !n.brokers[id-1].paused {
			all++
		}
	}
	switch {
	case !n.cluster.Alive(node) || b.paused || all < brokers-1:
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

// endFaults ends all faults.
func (s *Simulation) endFaults() {
	s.trace.Add("world", "no more faults")
	s.calm = true
	for i := range s.network.brokers {
		s.network.resume(int32(i) + 1)
		s.network.restart(int32(i) + 1)
	}
	for _, of := range slices.Clone(s.slots) {
		for _, p := range slices.Clone(of.alive) {
			p.paused = false
			if p.version != usualVersion {
				p.stop(nil)
			}
		}
		s.supervise(of)
	}
	s.watchOwners()
}

// anyPartition is one of the job's, or of a coordinator of it.
func (s *Simulation) anyPartition() stream.TopicPartition {
	slot := s.slots[s.World.chance.IntN(len(s.slots))]
	of := slot.config
	switch s.World.chance.IntN(4) {
	case 0:
		if s.job.Shared {
			of.Membership = &membership.Config{Instance: slot.machines[0].identity}
		}
		return kafkasim.CoordinatorOf(of.TransactionalID(), false)
	case 1:
		return kafkasim.CoordinatorOf(of.Stage.Group, true)
	}
	t := s.plan.Topics[s.World.chance.IntN(len(s.plan.Topics))]
	return stream.TopicPartition{Topic: t.Name, Partition: int32(s.World.chance.IntN(int(t.Partitions)))}
}
