package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// layOut makes the slots of a stage, with machines of their own.
func (s *Simulation) layOut(stage *scheduler.Stage) {
	base := s.job.Config
	base.Program = s.job.Program
	only := *s.plan
	only.Stages = []scheduler.Stage{*stage}
	for _, cfg := range container.Configs(&only, base) {
		s.addSlot(cfg)
	}
}

// addSlot makes the slot of a container.
func (s *Simulation) addSlot(cfg container.Config) *slot {
	s.layouts++
	of := &slot{config: cfg, name: fmt.Sprintf("%s/%d", cfg.Stage.Name, s.layouts)}
	for _, place := range []string{"a", "b"} {
		of.machines = append(of.machines, s.newMachine(fmt.Sprintf("machine %d%s", s.layouts, place)))
	}
	s.slots = append(s.slots, of)
	return of
}

// changeLayout gives a stage another number of containers, as people do who
// have stopped all of it and start it again. What the killed ones have begun isn't
// over yet. (Containers of two layouts at once don't know of each other before they
// have committed: it takes a group's generations to keep them apart.)
func (s *Simulation) changeLayout(stage *scheduler.Stage) {
	if s.job.Shared {
		s.rescale(stage)
		return
	}
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

// rescale gives a stage that is shared another number of containers, while the others
// go on. Those that end are asked to, or are killed, and don't come back.
func (s *Simulation) rescale(stage *scheduler.Stage) {
	stage.Containers = 1 + s.World.chance.IntN(int(stage.Tasks)+1)
	s.trace.Add("world", "stage %s gets %d containers", stage.Name, stage.Containers)
	var have []*slot
	for _, of := range s.slots {
		if of.config.Stage.Name == stage.Name {
			have = append(have, of)
		}
	}
	for len(have) > stage.Containers {
		i := s.World.chance.IntN(len(have))
		s.retire(have[i])
		have = slices.Delete(have, i, i+1)
	}
	for range stage.Containers - len(have) {
		s.supervise(s.addSlot(have[0].config))
	}
}

// retire ends the processes of a slot for ever.
func (s *Simulation) retire(of *slot) {
	of.retired = true
	s.slots = slices.DeleteFunc(s.slots, func(other *slot) bool { return other == of })
	for _, p := range slices.Clone(of.alive) {
		if p.paused || s.World.Often(2) {
			p.kill()
		} else {
			p.stop(nil)
		}
	}
}

// gone is told when a process isn't there any more.
func (s *Simulation) gone(p *Process) {
	if p.slot == nil {
		return
	}
	p.machine.used = nil
	p.slot.alive = slices.DeleteFunc(p.slot.alive, func(o *Process) bool { return o == p })
	refused := membership.IsRefused(p.err) && s.Hits[version] > 0
	if p.err != nil && !errors.Is(p.err, stream.ErrFenced) && !refused && !s.resetting {
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
				s.wipe(m)
			}
		}
		s.launch(of)
	})
}
