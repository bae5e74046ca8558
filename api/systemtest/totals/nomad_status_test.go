//go:build real && rocksdb && linux

package totals

import (
	"encoding/json"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

// A seen container is what status says of one.
type seenContainer struct {
	Name, Alloc, Node, State, Event, Address, Instance string
	Restarts                                           int
}

type seenStage struct {
	Name, State string
	Wanted      int
	Containers  []seenContainer
	Members     []struct {
		Instance, Address string
		Tasks             []int32
	}
	Nobody []int32
}

// status is what the command says of the stages. A machine that is busy may keep the
// broker from answering in time.
func (a *aboard) status(more ...string) map[string]seenStage {
	a.Helper()
	var out string
	a.c.Await("the job's status", func() bool {
		said, messages, err := program.Try(a, a.path, append([]string{"status", "-json", "-kafka", a.c.Address()}, more...)...)
		if out = said; err != nil {
			a.Logf("status: %v, %s", err, messages)
		}
		return err == nil
	})
	var said struct{ Stages []seenStage }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		a.Fatalf("%v\n%s", err, out)
	}
	stages := make(map[string]seenStage)
	for _, s := range said.Stages {
		stages[s.Name] = s
	}
	return stages
}

// onNomad is status with what Nomad says.
func (a *aboard) onNomad() map[string]seenStage {
	a.Helper()
	return a.status("-nomad", a.nodes.Address())
}

// stateful is the stage that has a state.
const stateful = "by-account"

// settled waits until as many containers as are wanted run, each a member of its group,
// and nobody else is one, and all tasks have an owner. It returns the stateful stage.
func (a *aboard) settled() seenStage {
	a.Helper()
	var all map[string]seenStage
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

// tasks are those of a container.
func (s seenStage) tasks(k seenContainer) []int32 {
	for _, m := range s.Members {
		if m.Instance == k.Instance {
			return m.Tasks
		}
	}
	return nil
}

// instances are those of a stage's containers.
func (s seenStage) instances() (all []string) {
	for _, k := range s.Containers {
		all = append(all, k.Instance)
	}
	return all
}
