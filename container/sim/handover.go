package sim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

const (
	// handOverTime is how long tasks move after the storm: some rebalances long, and longer
	// than it takes the groups to settle.
	handOverTime = 40 * time.Second
	// lateMarkerTime is the longest that a marker comes late to the offsets of a group.
	lateMarkerTime = 2 * time.Second
)

// handsOver reports whether tasks move after the storm.
func (s *Simulation) handsOver() bool { return s.job.Shared && s.faults.HandOvers }

// handOvers has tasks move for a while, if the seed wants that. A new owner then often
// requests the offsets of a task while the last commit of the previous owner has no marker
// there yet.
func (s *Simulation) handOvers() error {
	if !s.handsOver() {
		return nil
	}
	s.trace.Add("world", "tasks move, and markers come late to the offsets of groups")
	s.handingOver = true
	defer func() { s.handingOver = false }()
	end := s.World.now.Add(handOverTime)
	for s.World.now.Before(end) {
		stage := &s.plan.Stages[s.World.chance.IntN(len(s.plan.Stages))]
		s.moveElsewhere(stage.Name, int32(s.World.chance.IntN(int(stage.Tasks))))
		if err := s.until(s.World.Within(2*time.Second), func() bool { return false }); err != nil {
			return err
		}
	}
	return nil
}

// moveElsewhere requests that a task of a stage moves to a process that doesn't have it.
func (s *Simulation) moveElsewhere(stage string, task int32) {
	var others []*Process
	for _, of := range s.slots {
		for _, p := range of.alive {
			if of.config.Stage.Name == stage && !slices.Contains(p.has, task) {
				others = append(others, p)
			}
		}
	}
	if len(others) > 0 {
		s.moveTo(others[s.World.chance.IntN(len(others))], task)
	}
}

// chores returns the chores that the cluster may do now. During hand-overs, the markers to
// the offsets of groups must wait at first.
func (n *network) chores() []kafkasim.Chore {
	all := n.cluster.Chores(n.sim.World.now)
	if !n.sim.handingOver {
		return all
	}
	return slices.DeleteFunc(all, n.withhold)
}

// withhold reports whether a chore is a marker that has to be late. How late is decided
// when the marker is seen for the first time.
func (n *network) withhold(c kafkasim.Chore) bool {
	if !marksOffsets(c) {
		return false
	}
	s := n.sim
	until, ok := n.withheld[c.Transaction]
	if !ok {
		d := s.World.Within(lateMarkerTime)
		until = s.World.now.Add(d)
		n.withheld[c.Transaction] = until
		s.Hits[lateOffsets]++
		s.World.After(d, n.stir)
	}
	return s.World.now.Before(until)
}

// marksOffsets reports whether a chore is the marker of a transaction to its group's
// offsets.
func marksOffsets(c kafkasim.Chore) bool {
	return c.Kind == kafkasim.Marker && c.Partition.Topic == kafkasim.ConsumerOffsets
}
