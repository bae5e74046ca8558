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

// A Cluster is a server and its clients, the nodes 1, 2, …. Its methods fail the test
// immediately on errors, so call them in the goroutine of the test.
type Cluster struct {
	opts   Options
	dir    string // all files of the cluster; its guard removes it
	guard  *guard
	agents []*agent      // the server, and node i at i
	apis   []*api.Client // of each agent
	token  string        // empty without ACL
}

// Start starts a cluster for one test, and waits until all its nodes are ready. If this
// machine can't run one, the test is skipped, or fails if CI is set.
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := launch(t.Context(), opts)
	if err != nil {
		harnesstest.SkipOrFail(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.logState(t)
		}
		c.close()
	})
	return c
}

// Address returns the address of the server's HTTP API, as in NOMAD_ADDR.
func (c *Cluster) Address() string { return c.API().Address() }

// API returns a client of the server, with all permissions.
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

// launch creates and starts the agents. If it fails, the caller closes the cluster.
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
	// The server must be able to sign the identities of tasks before a client registers:
	// otherwise the client waits half a minute before it retries.
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

// reserve creates the cluster's directory and reserves ports. Both belong to the guard.
func (c *Cluster) reserve(ctx context.Context) (port int, err error) {
	port, ports, err := reservePorts(ctx)
	if err != nil {
		return 0, err
	}
	defer harnesstest.Unlock(ports) // the guard holds it, too
	dir, lock, err := makeDirectory()
	if err != nil {
		return 0, err
	}
	defer harnesstest.Unlock(lock)
	c.dir = dir
	c.guard, err = startGuard(dir, ports, lock)
	return port, err
}

// makeDirectory creates a directory and locks it.
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
		// Another process cleans up leftovers, and removes it.
	}
}

// close kills all processes and removes all files. It doesn't stop agents gracefully, which
// would take longer.
func (c *Cluster) close() {
	if c.guard != nil {
		c.guard.end()
	}
	for _, a := range c.agents {
		if a.cmd != nil {
			a.kill() // the guard has killed it
		}
	}
	for _, client := range c.apis {
		client.Close()
	}
}

func (c *Cluster) server() *agent  { return c.agents[0] }
func (c *Cluster) nodes() []*agent { return slices.Clone(c.agents[1:]) }
