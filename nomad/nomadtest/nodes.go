package nomadtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// drainTimeout is for tasks that end slowly, and disks that are copied.
const drainTimeout = 3 * time.Minute

// NodeID is Nomad's id of a node: 1, 2, ….
func (c *Cluster) NodeID(t testing.TB, node int) string {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	stub, err := c.node(ctx, c.agent(t, node))
	if err != nil {
		t.Fatalf("ask for the id of client%d: %v", node, err)
	}
	return stub.ID
}

// Node is the number of the node with Nomad's id, as an allocation has it.
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

// KillNode ends a node as the loss of its machine does: the agent and all that it
// has started, at once. Its disk is kept for RestartAgent, which is the machine's
// return.
func (c *Cluster) KillNode(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	a.kill()
	if err := sweepNode(context.WithoutCancel(t.Context()), a.dir); err != nil {
		t.Fatal(err)
	}
}

// StopAgent stops a node's agent, as an administrator does; its tasks go on.
func (c *Cluster) StopAgent(t testing.TB, node int) {
	t.Helper()
	if err := c.running(t, node).stop(); err != nil {
		t.Fatal(err)
	}
}

// KillAgent ends a node's agent, as kill -9 does; its tasks go on.
func (c *Cluster) KillAgent(t testing.TB, node int) {
	t.Helper()
	c.running(t, node).kill()
}

// RestartAgent starts an agent that was stopped or killed, or whose node was, with
// the ports and the disk that it had, and waits until the node takes tasks.
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

// CutOff has the server hear nothing more of a node, and the node nothing of it:
// the agent hangs. Its tasks go on, and what they talk to isn't cut off. It isn't a
// network's failure in that the agent doesn't notice either: until Rejoin it starts
// no task again that ends, and answers nobody.
func (c *Cluster) CutOff(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	if err := pause(a.cmd.Process); err != nil {
		t.Fatalf("cut %s off: %v", a.name, err)
	}
	a.cut = true
}

// Rejoin ends CutOff, and waits until the node takes tasks again.
func (c *Cluster) Rejoin(t testing.TB, node int) {
	t.Helper()
	a := c.running(t, node)
	if !a.cut {
		t.Fatalf("%s isn't cut off", a.name)
	}
	a.begun = time.Now()
	if err := resume(a.cmd.Process); err != nil {
		t.Fatalf("have %s rejoin: %v", a.name, err)
	}
	a.cut = false
	c.awaitNode(t, a)
}

// Drain has a node's tasks moved to others, and waits until they are. It takes none
// until Undrain.
func (c *Cluster) Drain(t testing.TB, node int) {
	t.Helper()
	id := c.NodeID(t, node)
	// Not the test's context: a cleanup may do this.
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
			return fmt.Errorf("it has still tasks after %v", drainTimeout)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("drain client%d: %v", node, err)
	}
}

// Undrain has a node take tasks again.
func (c *Cluster) Undrain(t testing.TB, node int) {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	if _, err := c.API().Nodes().UpdateDrainOpts(c.NodeID(t, node), &api.DrainOptions{MarkEligible: true}, write(ctx)); err != nil {
		t.Fatalf("end the drain of client%d: %v", node, err)
	}
}

// KillServer ends the server, as kill -9 does. The nodes go on.
func (c *Cluster) KillServer(t testing.TB) {
	t.Helper()
	c.running(t, 0).kill()
}

// RestartServer starts the server again, with what it had decided, and waits until
// the nodes that run, and aren't cut off, have found it.
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
			a.begun = c.server().begun
			c.awaitNode(t, a)
		}
	}
}

func (c *Cluster) awaitNode(t testing.TB, a *agent) {
	t.Helper()
	// Not the test's context: a cleanup may do this.
	if err := c.waitForNodes(context.WithoutCancel(t.Context()), []*agent{a}); err != nil {
		t.Fatal(err)
	}
}

// agent returns the agent of a node, or of the server.
func (c *Cluster) agent(t testing.TB, node int) *agent {
	t.Helper()
	if node < 0 || node >= len(c.agents) {
		t.Fatalf("nomadtest: there is no node %d: they are 1 to %d", node, len(c.agents)-1)
	}
	return c.agents[node]
}

// running is agent, which must run.
func (c *Cluster) running(t testing.TB, node int) *agent {
	t.Helper()
	a := c.agent(t, node)
	if a.cmd == nil {
		t.Fatalf("%s doesn't run", a.name)
	}
	return a
}

// requestTimeout is for a server that is there.
const requestTimeout = 30 * time.Second

// requestContext isn't done when the test is: a cleanup may use it.
func requestContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), requestTimeout)
}
