package nomadtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// A Cluster is a server and its clients, the nodes 1, 2, …. Its methods end the
// test when they fail, so they belong to the goroutine of the test.
type Cluster struct {
	opts   Options
	dir    string // all that is the cluster's; its guard removes it
	guard  *guard
	agents []*agent      // the server, and node i at i
	apis   []*api.Client // of each agent
	token  string        // empty without ACL
}

// Start starts a cluster for one test, and waits until all its nodes take tasks.
// The test is skipped if this machine can't run one, and fails if CI is set.
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := launch(t.Context(), opts)
	if err != nil {
		harnesstest.SkipOrFail(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.logLastWords(t)
		}
		c.close()
	})
	return c
}

// Address is that of the server's HTTP interface, as in NOMAD_ADDR.
func (c *Cluster) Address() string { return c.API().Address() }

// API is a client of the server that may do all.
func (c *Cluster) API() *api.Client { return c.apis[0] }

func launch(ctx context.Context, opts Options) (*Cluster, error) {
	opts, err := opts.normal()
	if err != nil {
		return nil, err
	}
	if err := checkMachine(); err != nil {
		return nil, err
	}
	program, err := program()
	if err != nil {
		return nil, err
	}
	if err := removeLeftovers(ctx); err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts}
	if err := c.launch(ctx, program); err != nil {
		err = fmt.Errorf("start a Nomad cluster: %w", err)
		c.close()
		return nil, err
	}
	return c, nil
}

// launch makes and starts the agents. Its caller closes the cluster if it fails.
func (c *Cluster) launch(ctx context.Context, program string) error {
	port, err := c.reserve(ctx)
	if err != nil {
		return err
	}
	for id := range c.opts.Clients + 1 {
		a := newAgent(id, program, c.dir, port)
		c.agents = append(c.agents, a)
		client, err := api.NewClient(&api.Config{Address: "http://" + harnesstest.Address(a.http)})
		if err != nil {
			return fmt.Errorf("make a client of %s: %w", a.name, err)
		}
		c.apis = append(c.apis, client)
		if err := a.prepare(c.config(a)); err != nil {
			return err
		}
	}
	// A client that registers before the server can sign its tasks' identities
	// doesn't try again for half a minute.
	if err := c.startServer(ctx); err != nil {
		return err
	}
	if c.opts.ACL {
		if err := c.bootstrap(ctx); err != nil {
			return err
		}
	}
	for _, a := range c.nodes() {
		if err := a.start(); err != nil {
			return err
		}
	}
	return c.waitForNodes(ctx, c.nodes())
}

// reserve makes the cluster's directory and has ports, both of which are its guard's.
func (c *Cluster) reserve(ctx context.Context) (port int, err error) {
	port, ports, err := reservePorts(ctx)
	if err != nil {
		return 0, err
	}
	defer harnesstest.Unlock(ports) // the guard has it
	dir, lock, err := makeDirectory()
	if err != nil {
		return 0, err
	}
	defer harnesstest.Unlock(lock)
	c.dir = dir
	c.guard, err = startGuard(dir, ports, lock)
	return port, err
}

// makeDirectory returns a new directory, and its lock.
func makeDirectory() (string, *os.File, error) {
	for {
		dir, err := os.MkdirTemp("", prefix)
		if err != nil {
			return "", nil, fmt.Errorf("make a cluster's directory: %w", err)
		}
		// Nomad fetches artifacts as nobody.
		if err := os.Chmod(dir, 0o755); err != nil {
			return "", nil, fmt.Errorf("make a cluster's directory: %w", err)
		}
		lock, err := harnesstest.TryLock(filepath.Join(dir, lockFile))
		if lock != nil || err != nil {
			return dir, lock, err
		}
		// Who looked for leftovers was quicker, and removes it.
	}
}

// close ends all that runs and removes what was written: so nobody is asked, which
// takes longer.
func (c *Cluster) close() {
	if c.guard != nil {
		c.guard.end()
	}
	for _, a := range c.agents {
		if a.cmd != nil {
			a.kill() // the guard did it
		}
	}
	for _, client := range c.apis {
		client.Close()
	}
}

func (c *Cluster) server() *agent  { return c.agents[0] }
func (c *Cluster) nodes() []*agent { return slices.Clone(c.agents[1:]) }
