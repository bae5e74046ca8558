//go:build real && rocksdb && linux

package totals

import (
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/hashicorp/nomad/api"
)

// allocStops: the container that comes after it has its state and its place.
func (a *aboard) allocStops() {
	before := a.settled()
	k := before.Containers[0]
	a.took("allocation stopped, until there are results everywhere", func() {
		if _, err := a.nodes.API().Allocations().Stop(&api.Allocation{ID: k.Alloc}, nil); err != nil {
			a.Fatal(err)
		}
		a.awaitOther(k)
		a.everywhere()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Instance != k.Instance || now.Node != k.Node {
		a.Errorf("it was %s on %s, and is %s on %s", k.Instance, k.Node, now.Instance, now.Node)
	}
	a.restoredLittle(after, now)
}

// awaitOther waits until another allocation runs in the place of one.
func (a *aboard) awaitOther(k seenContainer) {
	a.Helper()
	a.awaitState(k, "running")
}

func (a *aboard) awaitState(k seenContainer, state string) {
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

// restoredLittle looks how much of its state a container has taken from the changelog,
// of which there is much.
func (a *aboard) restoredLittle(s seenStage, k seenContainer) {
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
		a.Errorf("that is too much for one that has its disk")
	}
}

func (a *aboard) containerIsKilled() {
	before := a.settled()
	k := before.Containers[0]
	a.took("container killed, until there are results everywhere", func() {
		a.kill(k)
		a.everywhere()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Alloc != k.Alloc || now.Instance != k.Instance || now.Restarts != k.Restarts+1 || !slices.Equal(after.tasks(now), before.tasks(k)) {
		a.Errorf("it was %+v, and is %+v", k, now)
	}
	a.restoredLittle(after, now)
}

func (a *aboard) kill(k seenContainer) {
	a.Helper()
	pid, ok := a.processes()[k.Alloc]
	if !ok {
		a.Fatalf("%s has no process", k.Name)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		a.Fatal(err)
	}
}

func (a *aboard) serverIsAway() {
	a.settled()
	before := a.processes()
	a.nodes.KillServer(a)
	a.took("without a server, until there are results everywhere", a.everywhere)
	a.nodes.RestartServer(a)
	a.everywhere()
	a.settled()
	if after := a.processes(); !maps.Equal(before, after) {
		a.Errorf("the processes were %v, and are %v", before, after)
	}
}

// starves: it alone is killed, and comes back.
func (a *aboard) starves() {
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
	a.took("too much memory, until there are results everywhere", func() {
		a.hungry.Store(true)
		a.c.Await("a container to be killed", func() bool { return len(changed()) > 0 })
		a.everywhere()
	})
	// Nomad's servers hear of it a moment after.
	var restarted []seenContainer
	a.c.Await("Nomad to know that a container was started again", func() bool {
		restarted = slices.DeleteFunc(a.settled().Containers, func(k seenContainer) bool { return k.Restarts == 0 })
		return len(restarted) > 0
	})
	killed := changed()
	if len(killed) != 1 || len(restarted) != 1 || restarted[0].Alloc != killed[0] {
		a.Fatalf("%v have another process, and started again was %+v", killed, restarted)
	}
	alloc, _, err := a.nodes.API().Allocations().Info(killed[0], nil)
	if err != nil {
		a.Fatal(err)
	}
	for name, task := range alloc.TaskStates {
		if !slices.ContainsFunc(task.Events, func(e *api.TaskEvent) bool { return e.Details["exit_code"] == "137" }) {
			a.Errorf("nobody has killed the task %s: %+v", name, task.Events)
		}
	}
}

// nodeOf is the node of a container.
func (a *aboard) nodeOf(k seenContainer) int {
	a.Helper()
	var n int
	if _, err := fmt.Sscanf(k.Node, "client%d", &n); err != nil {
		a.Fatalf("node %q: %v", k.Node, err)
	}
	return n
}

// nodeIsDrained: the containers move, with their state.
func (a *aboard) nodeIsDrained() {
	before := a.settled()
	k := before.Containers[0]
	node := a.nodeOf(k)
	a.took("node drained, until there are results everywhere", func() {
		a.nodes.Drain(a, node)
		a.everywhere()
	})
	after := a.settled()
	now := after.Containers[0]
	if now.Node == k.Node || !slices.Equal(after.instances(), before.instances()) {
		a.Errorf("they were %+v, and are %+v", before.Containers, after.Containers)
	}
	a.restoredLittle(after, now)
	a.nodes.Undrain(a, node)
}

// nodeIsCutOff: its containers go on when it is given up, too, and when it is back there
// are as many as there should be. Those that are to replace them wait until then: they
// would have the disk, which the agent has and doesn't give, as it hangs.
func (a *aboard) nodeIsCutOff() {
	k := a.settled().Containers[0]
	node := a.nodeOf(k)
	a.nodes.CutOff(a, node)
	a.took("cut off, until there are results everywhere", a.everywhere)
	a.took("cut off, until the node is given up", func() { a.awaitState(k, "pending") })
	a.everywhere()
	a.took("back, until the job has settled", func() {
		a.nodes.Rejoin(a, node)
		a.settled()
	})
	a.everywhere()
}

// nodeIsKilled: the job recovers by itself.
func (a *aboard) nodeIsKilled() {
	k := a.settled().Containers[0]
	node := a.nodeOf(k)
	a.nodes.KillNode(a, node)
	a.took("node killed, until there are results everywhere", a.everywhere)
	a.took("… until the containers are elsewhere", func() { a.awaitOther(k) })
	a.settled()
	a.took("back, until the job has settled", func() {
		a.nodes.RestartAgent(a, node)
		a.settled()
	})
	a.everywhere()
}
