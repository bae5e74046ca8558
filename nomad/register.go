package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
