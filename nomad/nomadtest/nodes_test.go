//go:build real

package nomadtest

import (
	"testing"
)

// There are two tasks of each driver, each on a different node.
func TestNodes_FaultsAffectTheirTasks(t *testing.T) {
	var c *Cluster
	timed(t, "a server and 3 clients", func() { c = Start(t, Options{}) })
	store, path := storeTask(t)
	jobs := map[string]string{"raw_exec": "${NOMAD_TASK_DIR}/bin/task", "exec": "local/bin/task"}
	for driver, command := range jobs {
		timed(t, "2 tasks on "+driver, func() { run(t, c, job(driver, driver, 2, store.URL()+path, command)) })
	}
	steps := []struct {
		name string
		do   func(t *testing.T, c *Cluster, node int)
		// lost: the node's tasks are gone, and others are elsewhere.
		lost bool
		// after brings the node back.
		after func(t *testing.T, c *Cluster, node int)
	}{
		{"the agent is stopped and started", stopAndStart, false, nil},
		{"the agent is killed and started", killAndStart, false, nil},
		{"the server is killed and started", restartServer, false, nil},
		{"the node is drained", func(t *testing.T, c *Cluster, node int) { c.Drain(t, node) }, true, undrain},
		{"the node is killed", killNode, true, func(t *testing.T, c *Cluster, node int) { c.RestartAgent(t, node) }},
		{"the node is cut off", cutOff, true, nil},
	}
	for _, step := range steps {
		ok := t.Run(step.name, func(t *testing.T) {
			before := map[string]map[int]identity{}
			for driver := range jobs {
				before[driver] = identities(t, c, driver)
			}
			node := busy(before)
			timed(t, step.name, func() { step.do(t, c, node) })
			for driver, tasks := range before {
				checkTasks(t, c, driver, tasks, node, step.lost)
			}
			if step.after != nil {
				timed(t, "and is back", func() { step.after(t, c, node) })
			}
		})
		if !ok {
			return
		}
	}
}

// busy returns a node with tasks of both jobs.
func busy(all map[string]map[int]identity) int {
	for node := range all["exec"] {
		if _, ok := all["raw_exec"][node]; ok {
			return node
		}
	}
	return 0
}

// checkTasks checks that tasks are the same as before, or have moved to other nodes.
func checkTasks(t *testing.T, c *Cluster, driver string, before map[int]identity, node int, lost bool) {
	t.Helper()
	for n, l := range before {
		if n != node || !lost {
			if !l.unchanged() {
				t.Errorf("%s: the task on node %d isn't the same any more", driver, n)
			}
		} else if l.unchanged() {
			t.Errorf("%s: the task on node %d is still there", driver, n)
		}
	}
	waitFor(t, "two tasks", func() bool { return len(running(t, c, driver)) == 2 })
	if _, ok := identities(t, c, driver)[node]; ok == lost {
		t.Errorf("%s: a task on node %d: %t", driver, node, ok)
	}
}

func stopAndStart(t *testing.T, c *Cluster, node int) {
	c.StopAgent(t, node)
	c.RestartAgent(t, node)
}

func killAndStart(t *testing.T, c *Cluster, node int) {
	c.KillAgent(t, node)
	c.RestartAgent(t, node)
}

func restartServer(t *testing.T, c *Cluster, _ int) {
	c.KillServer(t)
	c.RestartServer(t)
}

func undrain(t *testing.T, c *Cluster, node int) { c.Undrain(t, node) }

// replaced waits until a node's tasks have replacements on other nodes.
func replaced(t *testing.T, c *Cluster, node int) {
	t.Helper()
	for _, driver := range []string{"raw_exec", "exec"} {
		waitFor(t, "a replacement", func() bool {
			tasks := running(t, c, driver)
			return len(tasks) == 2 && tasks[node] == nil
		})
	}
}

func killNode(t *testing.T, c *Cluster, node int) {
	before := identities(t, c, "exec")[node]
	c.KillNode(t, node)
	if before.unchanged() {
		t.Error("a task outlived its node")
	}
	timed(t, "tasks of the killed node elsewhere", func() { replaced(t, c, node) })
}

// The tasks of a node that is cut off continue beside their replacements, until it rejoins.
func cutOff(t *testing.T, c *Cluster, node int) {
	before := []identity{identities(t, c, "exec")[node], identities(t, c, "raw_exec")[node]}
	c.CutOff(t, node)
	timed(t, "tasks of the cut-off node elsewhere", func() { replaced(t, c, node) })
	for _, l := range before {
		if !l.unchanged() {
			t.Error("the task of a node that is only cut off ended")
		}
	}
	timed(t, "rejoin", func() { c.Rejoin(t, node) })
	for _, l := range before {
		waitFor(t, "the replaced tasks to end", func() bool { return !l.unchanged() })
	}
}
