//go:build real && rocksdb && linux

package totals

import (
	"encoding/json"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

// A statusContainer is a container in the output of status.
type statusContainer struct {
	Name, Alloc, Node, State, Event, Address, Instance string
	Restarts                                           int
}

type statusStage struct {
	Name, State string
	Wanted      int
	Containers  []statusContainer
	Members     []struct {
		Instance, Address string
		Tasks             []int32
	}
	Nobody []int32
}

// status runs the command and returns the stages of its output. It retries: a broker on a
// busy machine may not answer in time.
func (a *nomadJob) status(more ...string) map[string]statusStage {
	a.Helper()
	var out string
	a.c.Await("the job's status", func() bool {
		said, messages, err := program.Try(a, a.path, append([]string{"status", "-json", "-kafka", a.c.Address()}, more...)...)
		if out = said; err != nil {
			a.Logf("status: %v, %s", err, messages)
		}
		return err == nil
	})
	var said struct{ Stages []statusStage }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		a.Fatalf("%v\n%s", err, out)
	}
	stages := make(map[string]statusStage)
	for _, s := range said.Stages {
		stages[s.Name] = s
	}
	return stages
}

// onNomad returns the status, with Nomad's part of it.
func (a *nomadJob) onNomad() map[string]statusStage {
	a.Helper()
	return a.status("-nomad", a.nodes.Address())
}

// stateful is the stage with state.
const stateful = "by-account"

// settled waits until the wanted number of containers runs, the members of each group are
// these containers, and all tasks have an owner. It returns the stateful stage.
func (a *nomadJob) settled() statusStage {
	a.Helper()
	var all map[string]statusStage
	settled := func() bool {
		all = a.onNomad()
		for _, s := range all {
			running := 0
			for _, k := range s.Containers {
				if k.State == "running" && k.Instance != "" {
					running++
				}
			}
			if s.State != "stable" || running != s.Wanted || len(s.Containers) != s.Wanted || len(s.Members) != s.Wanted || len(s.Nobody) > 0 {
				return false
			}
		}
		return len(all) == sharedStages
	}
	if !a.c.Within(3*time.Minute, settled) {
		a.Fatalf("the job doesn't settle: %+v", all)
	}
	return all[stateful]
}

// tasks returns the tasks of a container.
func (s statusStage) tasks(k statusContainer) []int32 {
	for _, m := range s.Members {
		if m.Instance == k.Instance {
			return m.Tasks
		}
	}
	return nil
}

// instances returns the instances of a stage's containers.
func (s statusStage) instances() (all []string) {
	for _, k := range s.Containers {
		all = append(all, k.Instance)
	}
	return all
}
