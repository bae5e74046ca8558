package nomadtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// readyTimeout is for a machine that is busy with other tests, and for a client
// that tries again after half a minute.
const readyTimeout = 2 * time.Minute

// drivers are what each node has.
func drivers() []string { return []string{"raw_exec", "exec"} }

// startServer starts the server and waits until it leads, and can sign.
func (c *Cluster) startServer(ctx context.Context) error {
	if err := c.server().start(); err != nil {
		return err
	}
	return c.wait(ctx, c.server(), func(ctx context.Context) error {
		// The signing key comes last. It isn't there before there is a leader.
		var keys struct {
			Keys []struct {
				ID string `json:"kid"`
			} `json:"keys"`
		}
		if _, err := c.API().Raw().Query("/.well-known/jwks.json", &keys, query(ctx)); err != nil {
			return err
		}
		if len(keys.Keys) == 0 || keys.Keys[0].ID == "" {
			return errors.New("it has no keys yet")
		}
		return nil
	})
}

// waitForNodes waits until these nodes take tasks.
func (c *Cluster) waitForNodes(ctx context.Context, nodes []*agent) error {
	for _, a := range nodes {
		if err := c.wait(ctx, a, func(ctx context.Context) error { return c.checkNode(ctx, a) }); err != nil {
			return err
		}
	}
	return nil
}

// wait polls until an agent is as it should be.
func (c *Cluster) wait(ctx context.Context, a *agent, check func(context.Context) error) error {
	return harnesstest.Poll(ctx, readyTimeout, func(ctx context.Context) error {
		if a.hasEnded() {
			return &harnesstest.FinalError{Err: fmt.Errorf("%s has ended; the end of its log:\n%s", a.name, a.lastWords())}
		}
		if err := check(ctx); err != nil {
			return fmt.Errorf("%s isn't ready: %w; the end of its log:\n%s", a.name, err, a.lastWords())
		}
		return nil
	})
}

// checkNode asks the server, and whether it is right: what it knows of a node may
// be what it knew before one of both was started again.
func (c *Cluster) checkNode(ctx context.Context, a *agent) error {
	node, err := c.node(ctx, a)
	if err != nil {
		return err
	}
	if node.Status != api.NodeStatusReady {
		return fmt.Errorf("the server says it is %s", node.Status)
	}
	for _, name := range drivers() {
		if d := node.Drivers[name]; d == nil || !d.Healthy {
			return fmt.Errorf("its driver %s isn't healthy", name)
		}
	}
	silent, err := c.silence(ctx, a)
	if err != nil {
		return err
	}
	if since := max(time.Since(a.begun), 0); silent > since {
		return fmt.Errorf("no heartbeat for %v, since before it was started %v ago", silent, since)
	}
	return nil
}

// node is what the server knows of a node.
func (c *Cluster) node(ctx context.Context, a *agent) (*api.NodeListStub, error) {
	all, _, err := c.API().Nodes().List(query(ctx))
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.Name == a.name {
			return n, nil
		}
	}
	return nil, errors.New("the server doesn't know it")
}

// silence is how long ago the server has last answered a node.
func (c *Cluster) silence(ctx context.Context, a *agent) (time.Duration, error) {
	var self struct {
		Stats struct {
			Client struct {
				LastHeartbeat string `json:"last_heartbeat"`
			} `json:"client"`
		} `json:"stats"`
	}
	if _, err := c.apis[a.id].Raw().Query("/v1/agent/self", &self, query(ctx)); err != nil {
		return 0, err
	}
	ago, err := time.ParseDuration(self.Stats.Client.LastHeartbeat)
	if err != nil {
		return 0, fmt.Errorf("ask it for its last heartbeat: %w", err)
	}
	return ago, nil
}

func query(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{}).WithContext(ctx)
}

func write(ctx context.Context) *api.WriteOptions {
	return (&api.WriteOptions{}).WithContext(ctx)
}
