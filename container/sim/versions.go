package sim

import "github.com/gretestream/grete/container"

// Of a job whose tasks are shared, a process may start as another version of the program.
// The two versions do the same, but their plans are incompatible, so they must never share
// the tasks of a stage.
const (
	usualVersion = "v1"
	otherVersion = "v2"
)

// A groupGeneration is a generation of a stage's group.
type groupGeneration struct {
	stage      string
	generation int32
}

// drawVersion decides which version starts.
func (s *Simulation) drawVersion() string {
	if s.job.Shared && s.hit(s.faults.Versions, version) {
		return otherVersion
	}
	return usualVersion
}

// address is that of the process's HTTP API. Processes on one machine often have the same.
func (p *Process) address() string {
	if p.sim.faults.Versions > 0 {
		return p.machine.name
	}
	return p.name
}

// checkVersion fails the simulation if a process gets tasks in a generation in which another
// version has tasks.
func (s *Simulation) checkVersion(p *Process, r container.Rebalance) {
	if len(r.Tasks) == 0 {
		return
	}
	g := groupGeneration{r.Stage.Name, r.Generation}
	first := s.versions[g]
	if first == nil {
		s.versions[g] = p
		return
	}
	if first.version != p.version {
		s.fail("in generation %d of stage %s %s, version %s, has tasks beside %s, version %s", g.generation, g.stage, p.name, p.version, first.name, first.version)
	}
}
