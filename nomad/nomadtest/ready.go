package nomadtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// readyTimeout allows for a busy machine, and for a client that retries after half a minute.
const readyTimeout = 2 * time.Minute

// drivers returns the drivers of each node.
func drivers() []string { return []string{"raw_exec", "exec"} }

// startServer starts the server, and waits until it leads and has a signing key.
func (c *Cluster) startServer(ctx context.Context) error {
	if err := c.server().start(); err != nil {
		return err
	}
	return c.wait(ctx, c.server(), func(ctx context.Context) error {
		// The signing key comes last, after the election of a leader.
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

// waitForNodes waits until these nodes are ready.
func (c *Cluster) waitForNodes(ctx context.Context, nodes []*agent) error {
	for _, a := range nodes {
		if err := c.wait(ctx, a, func(ctx context.Context) error { return c.checkNode(ctx, a) }); err != nil {
			return err
		}
	}
	return nil
}

// wait polls until a check of an agent succeeds.
func (c *Cluster) wait(ctx context.Context, a *agent, check func(context.Context) error) error {
	return harnesstest.Poll(ctx, readyTimeout, func(ctx context.Context) error {
		if a.hasEnded() {
			return &harnesstest.FinalError{Err: fmt.Errorf("%s has ended; the end of its log:\n%s", a.name, a.logTail())}
		}
		if err := check(ctx); err != nil {
			return fmt.Errorf("%s isn't ready: %w; the end of its log:\n%s", a.name, err, a.logTail())
		}
		return nil
	})
}

// checkNode checks that the server considers a node ready, and that this isn't outdated: it
// requires a heartbeat since the last start of both.
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
	if since := max(time.Since(a.started), 0); silent > since {
		return fmt.Errorf("no heartbeat for %v, since before it was started %v ago", silent, since)
	}
	return nil
}

// node returns the server's record of a node.
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

// silence returns the time since the server's last answer to a node's heartbeat.
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
		return 0, fmt.Errorf("parse its last heartbeat: %w", err)
	}
	return ago, nil
}

func query(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{}).WithContext(ctx)
}

func write(ctx context.Context) *api.WriteOptions {
	return (&api.WriteOptions{}).WithContext(ctx)
}
