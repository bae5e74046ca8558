//go:build real

package nomadtest

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// After a short outage, a node continues with its disk and allocations, if the job allows for
// that.
func TestNode_KeepsTasksWhenItReturns(t *testing.T) {
	c := Start(t, Options{Clients: 2})
	store, path := storeTask(t)
	for _, driver := range drivers() {
		j := job(driver, driver, 1, store.URL()+path, "${NOMAD_TASK_DIR}/bin/task")
		if driver == "exec" {
			j = job(driver, driver, 1, store.URL()+path, "local/bin/task")
		}
		group := j.TaskGroups[0]
		group.EphemeralDisk = &api.EphemeralDisk{Sticky: ptr(true), Migrate: ptr(true)}
		group.Disconnect = &api.DisconnectStrategy{LostAfter: ptr(time.Minute), Replace: ptr(false), Reconcile: ptr("keep_original")}
		group.RestartPolicy = &api.RestartPolicy{Attempts: ptr(3), Delay: ptr(time.Second), Interval: ptr(time.Minute), Mode: ptr("fail")}
		run(t, c, j)
		checkReturn(t, c, driver)
	}
}

func checkReturn(t *testing.T, c *Cluster, driver string) {
	t.Helper()
	before := identities(t, c, driver)
	for node, l := range before {
		c.KillNode(t, node)
		waitFor(t, "the task to be missed", func() bool { return len(running(t, c, driver)) == 0 })
		if l.unchanged() {
			t.Errorf("%s: the task outlived its node", driver)
		}
		var after map[int]identity
		timed(t, driver+": the node returns, its task runs", func() {
			c.RestartAgent(t, node)
			waitFor(t, "the task", func() bool { after = identities(t, c, driver); return len(after) == 1 })
		})
		was, is := strings.Fields(l.says), strings.Fields(after[node].says)
		if len(is) != 2 || is[0] != was[0] || is[1] == was[1] {
			t.Errorf("%s: the task was %v, is %v: want the same allocation, and another identity", driver, was, is)
		}
	}
}
