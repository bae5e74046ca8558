//go:build real && rocksdb && linux

package totals

import (
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/hashicorp/nomad/api"
)

// stopAllocation: the container's replacement has its state and its instance.
func (a *nomadJob) stopAllocation() {
	before := a.settled()
	k := before.Containers[0]
	a.timed("allocation stopped, until all tasks have new results", func() {
		if _, err := a.nodes.API().Allocations().Stop(&api.Allocation{ID: k.Alloc}, nil); err != nil {
			a.Fatal(err)
		}
		a.awaitReplacement(k)
		a.awaitResults()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Instance != k.Instance || now.Node != k.Node {
		a.Errorf("it was %s on %s, and now is %s on %s", k.Instance, k.Node, now.Instance, now.Node)
	}
	a.checkRestored(after, now)
}

// awaitReplacement waits until another allocation runs a container.
func (a *nomadJob) awaitReplacement(k statusContainer) {
	a.Helper()
	a.awaitState(k, "running")
}

func (a *nomadJob) awaitState(k statusContainer, state string) {
	a.Helper()
	a.c.Await("another "+k.Name, func() bool {
		for _, now := range a.onNomad()[stateful].Containers {
			if now.Name == k.Name && now.Alloc != k.Alloc && now.State == state {
				return true
			}
		}
		return false
	})
}

// checkRestored checks that a container that has kept its disk has restored little of the
// changelog.
func (a *nomadJob) checkRestored(s statusStage, k statusContainer) {
	a.Helper()
	var restored, all float64
	for _, n := range a.metrics(k.Address, "grete_store_restored_records_total") {
		restored += n
	}
	ends := a.ends("totals-balance-changelog")
	for _, task := range s.tasks(k) {
		all += float64(ends[task])
	}
	a.Logf("%s has restored %.0f of %.0f records", k.Name, restored, all)
	if restored > all/2 || all == 0 {
		a.Errorf("that is too much for a container that has kept its disk")
	}
}

func (a *nomadJob) killContainer() {
	before := a.settled()
	k := before.Containers[0]
	a.timed("container killed, until all tasks have new results", func() {
		a.kill(k)
		a.awaitResults()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Alloc != k.Alloc || now.Instance != k.Instance || now.Restarts != k.Restarts+1 || !slices.Equal(after.tasks(now), before.tasks(k)) {
		a.Errorf("it was %+v, and now is %+v", k, now)
	}
	a.checkRestored(after, now)
}

func (a *nomadJob) kill(k statusContainer) {
	a.Helper()
	pid, ok := a.processes()[k.Alloc]
	if !ok {
		a.Fatalf("%s has no process", k.Name)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		a.Fatal(err)
	}
}

func (a *nomadJob) killServer() {
	a.settled()
	before := a.processes()
	a.nodes.KillServer(a)
	a.timed("without a server, until all tasks have new results", a.awaitResults)
	a.nodes.RestartServer(a)
	a.awaitResults()
	a.settled()
	if after := a.processes(); !maps.Equal(before, after) {
		a.Errorf("the processes were %v, and now are %v", before, after)
	}
}

// exceedMemory: Nomad kills that container alone, and restarts it.
func (a *nomadJob) exceedMemory() {
	a.settled()
	before := a.processes()
	changed := func() (other []string) {
		after := a.processes()
		for alloc, pid := range before {
			if after[alloc] != pid {
				other = append(other, alloc)
			}
		}
		return other
	}
	a.timed("too much memory, until all tasks have new results", func() {
		a.hungry.Store(true)
		a.c.Await("a container to be killed", func() bool { return len(changed()) > 0 })
		a.awaitResults()
	})
	// Nomad's servers learn of it a moment later.
	var restarted []statusContainer
	a.c.Await("Nomad to know that a container was restarted", func() bool {
		restarted = slices.DeleteFunc(a.settled().Containers, func(k statusContainer) bool { return k.Restarts == 0 })
		return len(restarted) > 0
	})
	killed := changed()
	if len(killed) != 1 || len(restarted) != 1 || restarted[0].Alloc != killed[0] {
		a.Fatalf("%v have another process, but restarted were %+v", killed, restarted)
	}
	alloc, _, err := a.nodes.API().Allocations().Info(killed[0], nil)
	if err != nil {
		a.Fatal(err)
	}
	for name, task := range alloc.TaskStates {
		if !slices.ContainsFunc(task.Events, func(e *api.TaskEvent) bool { return e.Details["exit_code"] == "137" }) {
			a.Errorf("no kill is among the events of task %s: %+v", name, task.Events)
		}
	}
}

// nodeOf returns the number of a container's node.
func (a *nomadJob) nodeOf(k statusContainer) int {
	a.Helper()
	var n int
	if _, err := fmt.Sscanf(k.Node, "client%d", &n); err != nil {
		a.Fatalf("node %q: %v", k.Node, err)
	}
	return n
}

// drainNode: the containers move, with their state.
func (a *nomadJob) drainNode() {
	before := a.settled()
	k := before.Containers[0]
	node := a.nodeOf(k)
	a.timed("node drained, until all tasks have new results", func() {
		a.nodes.Drain(a, node)
		a.awaitResults()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Node == k.Node || !slices.Equal(after.instances(), before.instances()) {
		a.Errorf("they were %+v, and now are %+v", before.Containers, after.Containers)
	}
	a.checkRestored(after, now)
	a.nodes.Undrain(a, node)
}

// cutOffNode: the containers of the node continue, also when Nomad considers it lost. Their
// replacements stay pending until it is back: they wait for the disk, which the agent on that
// node can't hand over. Then the job has as many containers as before.
func (a *nomadJob) cutOffNode() {
	k := a.settled().Containers[0]
	node := a.nodeOf(k)
	a.nodes.CutOff(a, node)
	a.timed("cut off, until all tasks have new results", a.awaitResults)
	a.timed("cut off, until the node is lost", func() { a.awaitState(k, "pending") })
	a.awaitResults()
	a.timed("back, until the job has settled", func() {
		a.nodes.Rejoin(a, node)
		a.settled()
	})
	a.awaitResults()
}

// killNode: the job recovers by itself.
func (a *nomadJob) killNode() {
	k := a.settled().Containers[0]
	node := a.nodeOf(k)
	a.nodes.KillNode(a, node)
	a.timed("node killed, until all tasks have new results", a.awaitResults)
	a.timed("… until the containers run on other nodes", func() { a.awaitReplacement(k) })
	a.settled()
	a.timed("back, until the job has settled", func() {
		a.nodes.RestartAgent(a, node)
		a.settled()
	})
	a.awaitResults()
}
