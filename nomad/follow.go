package nomad

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// glance is how often it is looked how far Nomad is.
const glance = 500 * time.Millisecond

// Progress is how far a stage has come with a new version of its job.
type Progress struct {
	Stage                           string
	Wanted, Placed, Healthy, Unwell int
	Complaint                       string // of a container that doesn't run, why; "" if there is none
}

// ErrGivenUp means that Nomad has given a version up.
var ErrGivenUp = errors.New("the new version is given up")

// Await waits until what began with an evaluation is over: until all containers are well,
// or the version has been given up, which is an [ErrGivenUp] that says why, and what runs
// now. Show is told how far it is.
func (c *Client) Await(ctx context.Context, p *Proposal, evaluation string, show func([]Progress)) error {
	f := following{Client: c, proposal: p, show: show}
	id, err := f.begun(ctx, evaluation)
	if err != nil || id == "" {
		return err
	}
	d, err := f.ended(ctx, id)
	if err != nil || d.Status == api.DeploymentStatusSuccessful {
		return err
	}
	return f.givenUp(ctx, d)
}

// A following is somebody who waits for a deployment.
type following struct {
	*Client
	proposal *Proposal
	show     func([]Progress)
}

// begun waits for an evaluation, and returns the deployment that it has begun; "" if there
// is nothing to deploy.
func (f *following) begun(ctx context.Context, evaluation string) (deployment string, err error) {
	err = f.until(ctx, "read-job", func() (bool, error) {
		e, _, err := f.api.Evaluations().Info(evaluation, f.query(ctx))
		if err != nil {
			return false, err
		}
		deployment = e.DeploymentID
		switch e.Status {
		case "failed", "canceled":
			return true, fmt.Errorf("nomad can't place the job: %s: %s", e.Status, e.StatusDescription)
		case "complete", "blocked":
			return true, nil
		}
		return false, nil
	})
	return deployment, err
}

// ended waits until a deployment is over.
func (f *following) ended(ctx context.Context, id string) (d *api.Deployment, err error) {
	err = f.until(ctx, "read-job", func() (bool, error) {
		now, _, err := f.api.Deployments().Info(id, f.query(ctx))
		if err != nil {
			return false, err
		}
		d = now
		f.show(f.progress(ctx, d))
		return over(d), nil
	})
	return d, err
}

func over(d *api.Deployment) bool {
	return d.Status == api.DeploymentStatusSuccessful || d.Status == api.DeploymentStatusFailed || d.Status == api.DeploymentStatusCancelled
}

// until asks again and again. A server that is away for a while is waited for.
func (f *following) until(ctx context.Context, capability string, done func() (bool, error)) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	answered := time.Now()
	for {
		over, err := done()
		var said api.UnexpectedResponseError
		switch {
		case err == nil:
			answered = time.Now()
		case over, errors.As(err, &said) && said.StatusCode()/100 == 4, time.Since(answered) > 6*patience:
			return f.explain(err, "following job "+*f.proposal.job.ID+", which is registered", capability)
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("job %s is registered, and goes on without this: %w", *f.proposal.job.ID, ctx.Err())
		case <-tick.C:
		}
	}
}

func (f *following) progress(ctx context.Context, d *api.Deployment) []Progress {
	complaints := f.complaints(ctx, d.ID)
	all := make([]Progress, 0, len(d.TaskGroups))
	for _, g := range f.proposal.job.TaskGroups {
		if s := d.TaskGroups[*g.Name]; s != nil {
			all = append(all, Progress{g.Meta[metaStage], s.DesiredTotal, s.PlacedAllocs, s.HealthyAllocs, s.UnhealthyAllocs, complaints[*g.Name]})
		}
	}
	return all
}

// complaints say of one container of each group why it doesn't run, where one doesn't. Who
// can't be asked has none: how it ends is known all the same.
func (f *following) complaints(ctx context.Context, deployment string) map[string]string {
	all, _, err := f.api.Deployments().Allocations(deployment, f.query(ctx))
	if err != nil {
		return nil
	}
	said := make(map[string]string)
	for _, a := range all {
		if k := containerOf(a, a.TaskGroup); k.Trouble != "" {
			said[a.TaskGroup] = k.complaint()
		}
	}
	return said
}

// givenUp says what was wrong with a version, waits for the one that comes in its place,
// and says what has become of that.
func (f *following) givenUp(ctx context.Context, d *api.Deployment) error {
	why := fmt.Errorf("%w: %s", ErrGivenUp, d.StatusDescription)
	if d.Status == api.DeploymentStatusCancelled {
		return why // there is another one, of somebody else
	}
	if failed := f.failures(ctx, d.ID); failed != "" {
		why = fmt.Errorf("%w\n%s", why, failed)
	}
	if !strings.Contains(d.StatusDescription, "rolling back") {
		return fmt.Errorf("%w\nthere is no version before it that Nomad could go back to: it goes on trying; stop the job, or submit one that is better", why)
	}
	back, err := f.reverted(ctx, d)
	switch {
	case err != nil:
		return fmt.Errorf("%w\nNomad goes back to the version before: %w", why, err)
	case back.Status != api.DeploymentStatusSuccessful:
		return fmt.Errorf("%w\nNomad has gone back to the version before, which has failed, too: %s", why, back.StatusDescription)
	}
	return fmt.Errorf("%w\nNomad has gone back to the version before, which runs", why)
}

// reverted waits until the deployment of what comes in another's place is over.
func (f *following) reverted(ctx context.Context, failed *api.Deployment) (back *api.Deployment, err error) {
	var id string
	err = f.until(ctx, "read-job", func() (bool, error) {
		d, _, err := f.api.Jobs().LatestDeployment(failed.JobID, f.query(ctx))
		if err != nil || d == nil || d.ID == failed.ID {
			return false, err
		}
		id = d.ID
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return f.ended(ctx, id)
}
