package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// Register registers a proposed job, unless the job has changed since it was proposed. It returns the id of the evaluation that this starts; see [Client.Await].
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
		return "", fmt.Errorf("job %s was changed by another client meanwhile, so nothing was registered; submit again", *p.job.ID)
	}
	if err != nil {
		return "", c.explain(err, "registering job "+*p.job.ID, "submit-job")
	}
	return res.EvalID, nil
}

// MissingItems returns the items that are missing in the variable of an app's job. The job
// doesn't start without them.
func (c *Client) MissingItems(ctx context.Context, app string, cfg Config) ([]string, error) {
	path, items := Variable(app, cfg)
	v, _, err := c.api.Variables().Peek(path, c.query(ctx))
	if err != nil {
		return nil, c.explain(err, "reading the variable "+path, "variables:read of "+path)
	}
	return slices.DeleteFunc(items, func(name string) bool {
		return v != nil && v.Items[name] != ""
	}), nil
}
