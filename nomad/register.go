package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// Register registers what was proposed, if the job is still as it was then, and returns
// the evaluation that begins with that. See [Client.Await].
func (c *Client) Register(ctx context.Context, p *Proposal) (evaluation string, err error) {
	source, err := Export(p.job)
	if err != nil {
		return "", err
	}
	res, _, err := c.api.Jobs().RegisterOpts(p.job, &api.RegisterOptions{
		EnforceIndex: true, ModifyIndex: p.index,
		Submission: &api.JobSubmission{Source: string(source), Format: "json"},
	}, c.write(ctx))
	if err != nil && strings.Contains(err.Error(), api.RegisterEnforceIndexErrPrefix) {
		return "", fmt.Errorf("somebody else has changed job %s meanwhile: nothing was registered; submit again, and see what comes of it now", *p.job.ID)
	}
	if err != nil {
		return "", c.explain(err, "registering job "+*p.job.ID, "submit-job")
	}
	return res.EvalID, nil
}

// EndRunning stops the job that a proposal replaces, without having Nomad forget it, and
// waits until all its containers have ended. What is on a node that Nomad hears nothing of
// it can't end: that isn't waited for. Left is told how many there are.
func (c *Client) EndRunning(ctx context.Context, p *Proposal, left func(int)) error {
	id := *p.job.ID
	if _, _, err := c.api.Jobs().Deregister(id, false, c.write(ctx)); err != nil {
		return c.explain(err, "stopping job "+id, "submit-job")
	}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		all, _, err := c.api.Jobs().Allocations(id, true, c.query(ctx))
		if err != nil {
			return c.explain(err, "waiting for the containers of job "+id+" to end", "read-job")
		}
		n := len(slices.DeleteFunc(all, func(a *api.AllocationListStub) bool {
			return a.ClientStatus != api.AllocClientStatusRunning && a.ClientStatus != api.AllocClientStatusPending
		}))
		if left(n); n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("job %s is stopped, and %s haven't ended: %w", id, containersOf(n), ctx.Err())
		case <-tick.C:
		}
	}
}

// glance is how often it is looked how far Nomad is.
const glance = 500 * time.Millisecond

// Lacking are the items that an app's job waits for: those of its variable that aren't
// there. Who may not read the variable gets an error.
func (c *Client) Lacking(ctx context.Context, app string, cfg Config) ([]string, error) {
	path, items := Variable(app, cfg)
	v, _, err := c.api.Variables().Peek(path, c.query(ctx))
	if err != nil {
		return nil, c.explain(err, "looking into the variable "+path, "variables:read of "+path)
	}
	return slices.DeleteFunc(items, func(name string) bool {
		return v != nil && v.Items[name] != ""
	}), nil
}
