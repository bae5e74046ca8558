package run

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/container"
)

// load is what this process has to hold if it has all tasks of its stages: with others it
// shares them, but it may be the last one that is left.
func (j *job) load() container.Load {
	l := container.Load{Memory: j.memory}
	stages := j.stages(j.plan)
	for i := range stages {
		l.Containers += stages[i].Containers
		l.AddTasks(&stages[i], int(stages[i].Tasks))
	}
	return l
}

// checkLimits compares the load with the limits that the system sets. Of files, a process that
// has all tasks must be able to open enough. Otherwise it says what may go wrong: other
// processes may hold some of the tasks, and not all of the memory may be used.
func (j *job) checkLimits(load container.Load) error {
	if err := cluster.CheckFiles(load.Databases); err != nil {
		if !j.shares() {
			return err
		}
		j.console.Say("with all tasks, this process would exceed a limit: %v", err)
	}
	if err := checkMemory(cluster.MemoryLimit(), load); err != nil {
		j.console.Say("this process may be killed: %v", err)
	}
	return nil
}

// checkMemory returns an error if a process can't hold its load within a limit; 0 is none.
func checkMemory(limit int64, load container.Load) error {
	need := load.ProcessMemory()
	if limit == 0 || limit >= need {
		return nil
	}
	return fmt.Errorf("the memory limit of this process is %d MB, and %d tasks need %d MB with -memory %dMB; raise the limit, lower -memory, or share the tasks among more processes",
		limit>>20, load.Tasks, need>>20, load.Memory>>20)
}
