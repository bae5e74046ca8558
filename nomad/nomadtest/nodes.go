package nomadtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// drainTimeout allows for tasks that end slowly and for copying their disks.
const drainTimeout = 3 * time.Minute

// NodeID returns Nomad's id of a node: 1, 2, ….
func (c *Cluster) NodeID(t testing.TB, node int) string {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	stub, err := c.node(ctx, c.agent(t, node))
	if err != nil {
		t.Fatalf("get the id of client%d: %v", node, err)
	}
	return stub.ID
}

// Node returns the number of the node with an id of Nomad's, as in an allocation.
func (c *Cluster) Node(t testing.TB, id string) int {
	t.Helper()
	for _, a := range c.nodes() {
		if c.NodeID(t, a.id) == id {
			return a.id
		}
	}
	t.Fatalf("nomadtest: no node has the id %q", id)
	return 0
}

// KillNode kills a node's agent and all its tasks at once, like the failure of a machine. Its
// disk is kept: RestartAgent starts the node again.
func (c *Cluster) KillNode(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	a.kill()
	if err := sweepNode(context.WithoutCancel(t.Context()), a.dir); err != nil {
		t.Fatal(err)
	}
}

// StopAgent stops a node's agent gracefully; its tasks continue.
func (c *Cluster) StopAgent(t testing.TB, node int) {
	t.Helper()
	if err := c.running(t, node).stop(); err != nil {
		t.Fatal(err)
	}
}

// KillAgent kills a node's agent, as kill -9 does; its tasks continue.
func (c *Cluster) KillAgent(t testing.TB, node int) {
	t.Helper()
	c.running(t, node).kill()
}

// RestartAgent starts an agent again after StopAgent, KillAgent or KillNode, with the same
// ports and disk, and waits until the node is ready.
func (c *Cluster) RestartAgent(t testing.TB, node int) {
	t.Helper()
	a := c.agent(t, node)
	if a.cmd != nil {
		t.Fatalf("the agent of %s runs: stop or kill it first", a.name)
	}
	if err := a.start(); err != nil {
		t.Fatal(err)
	}
	c.awaitNode(t, a)
}

// CutOff disconnects a node from the server by suspending its agent. Its tasks continue, and
// keep their own connections. Unlike in a network failure, the agent doesn't notice: until
// Rejoin it restarts no tasks and answers no requests.
func (c *Cluster) CutOff(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	if err := harnesstest.Suspend(a.cmd.Process); err != nil {
		t.Fatalf("cut %s off: %v", a.name, err)
	}
	a.cut = true
}

// Rejoin ends CutOff, and waits until the node is ready.
func (c *Cluster) Rejoin(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	if !a.cut {
		t.Fatalf("%s isn't cut off", a.name)
	}
	a.started = time.Now()
	if err := resume(a.cmd.Process); err != nil {
		t.Fatalf("rejoin %s: %v", a.name, err)
	}
	a.cut = false
	c.awaitNode(t, a)
}

// Drain drains a node, and waits until its tasks have moved. The node accepts no tasks until
// Undrain.
func (c *Cluster) Drain(t testing.TB, node int) {
	t.Helper()
	id := c.NodeID(t, node)
	// Not the test's context, so that cleanups can do this.
	ctx := context.WithoutCancel(t.Context())
	spec := &api.DrainSpec{Deadline: drainTimeout}
	if _, err := c.API().Nodes().UpdateDrainOpts(id, &api.DrainOptions{DrainSpec: spec}, write(ctx)); err != nil {
		t.Fatalf("drain client%d: %v", node, err)
	}
	err := harnesstest.Poll(ctx, drainTimeout, func(ctx context.Context) error {
		n, _, err := c.API().Nodes().Info(id, query(ctx))
		if err != nil {
			return err
		}
		if n.DrainStrategy != nil || n.LastDrain == nil || n.LastDrain.Status != api.DrainStatusComplete {
			return fmt.Errorf("it still has tasks after %v", drainTimeout)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("drain client%d: %v", node, err)
	}
}

// Undrain makes a node eligible for tasks again.
func (c *Cluster) Undrain(t testing.TB, node int) {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	if _, err := c.API().Nodes().UpdateDrainOpts(c.NodeID(t, node), &api.DrainOptions{MarkEligible: true}, write(ctx)); err != nil {
		t.Fatalf("end the drain of client%d: %v", node, err)
	}
}

// KillServer kills the server, as kill -9 does. The nodes continue.
func (c *Cluster) KillServer(t testing.TB) {
	t.Helper()
	c.running(t, 0).kill()
}

// RestartServer starts the server again with its state, and waits until all running nodes that
// aren't cut off have reconnected.
func (c *Cluster) RestartServer(t testing.TB) {
	t.Helper()
	if c.server().cmd != nil {
		t.Fatal("the server runs: kill it first")
	}
	if err := c.startServer(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, a := range c.nodes() {
		if a.cmd != nil && !a.cut {
			a.started = c.server().started
			c.awaitNode(t, a)
		}
	}
}

func (c *Cluster) awaitNode(t testing.TB, a *agent) {
	t.Helper()
	// Not the test's context, so that cleanups can do this.
	if err := c.waitForNodes(context.WithoutCancel(t.Context()), []*agent{a}); err != nil {
		t.Fatal(err)
	}
}

// agent returns the agent of a node, or of the server.
func (c *Cluster) agent(t testing.TB, node int) *agent {
	t.Helper()
	if node < 0 || node >= len(c.agents) {
		t.Fatalf("nomadtest: no node %d: they are 1 to %d", node, len(c.agents)-1)
	}
	return c.agents[node]
}

// running returns the agent of a node, which must run.
func (c *Cluster) running(t testing.TB, node int) *agent {
	t.Helper()
	a := c.agent(t, node)
	if a.cmd == nil {
		t.Fatalf("%s doesn't run", a.name)
	}
	return a
}

// requestTimeout bounds a request to a running server.
const requestTimeout = 30 * time.Second

// requestContext outlives the test's context, so that cleanups can use it.
func requestContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), requestTimeout)
}
