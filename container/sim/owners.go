package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/scheduler"
)

// unownedLimit is how long a task may be nobody's when nothing goes wrong any more: a
// session that has to end, 10 s, one rebalance in which a member is waited for that is
// gone, 15 s, and what requests take. A join that was under way for long is the last that
// goes wrong: its sender may be dead, and the group then waits for it, so the time counts
// from there.
const unownedLimit = 28 * time.Second

// watchOwners fails the simulation if a task that is shared is nobody's for too long from
// now on, until all is done, or belongs to several in their own eyes.
func (s *Simulation) watchOwners() {
	s.watching = s.job.Shared
	since := make(map[string]time.Time) // by task: since when there isn't just one owner
	var look func()
	look = func() {
		if !s.watching {
			return
		}
		for i := range s.plan.Stages {
			s.lookForOwners(&s.plan.Stages[i], since)
		}
		s.World.After(time.Second, look)
	}
	look()
}

func (s *Simulation) lookForOwners(stage *scheduler.Stage, since map[string]time.Time) {
	for task := range stage.Tasks {
		name := fmt.Sprintf("task %d of stage %s", task, stage.Name)
		owners := s.owners(stage.Name, task)
		if len(owners) == 1 {
			if t, ok := since[name]; ok {
				s.Unowned = max(s.Unowned, s.World.now.Sub(t))
			}
			delete(since, name)
			continue
		}
		if _, ok := since[name]; !ok {
			since[name] = s.World.now
		}
		if d := s.World.now.Sub(latest(since[name], s.network.joined)); d > unownedLimit {
			s.fail("for %s %s hasn't had one owner, but %v", d, name, owners)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// owners are the processes that have a task, by the newest assignments that have come to
// them.
func (s *Simulation) owners(stage string, task int32) (names []string) {
	for _, of := range s.slots {
		if of.config.Stage.Name != stage {
			continue
		}
		for _, p := range of.alive {
			if slices.Contains(p.has, task) {
				names = append(names, p.name)
			}
		}
	}
	return names
}
