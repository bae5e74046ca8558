package nomad

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// followInterval is how often to check the progress of a deployment.
const followInterval = 500 * time.Millisecond

// Progress is the progress of a deployment in a stage.
type Progress struct {
	Stage                              string
	Wanted, Placed, Healthy, Unhealthy int
	Complaint                          string // why a container doesn't run; "" if all do
}

// ErrDeploymentFailed means that the deployment of a version has failed.
var ErrDeploymentFailed = errors.New("the new version is given up")

// Await waits for the end of the deployment that an evaluation has started. It returns nil
// when all containers are healthy. If Nomad gives up the version, it returns an [ErrDeploymentFailed]
// that says why, and what runs now. It calls show with the progress.
func (c *Client) Await(ctx context.Context, p *Proposal, evaluation string, show func([]Progress)) error {
	f := follower{Client: c, proposal: p, show: show}
	id, err := f.awaitStart(ctx, evaluation)
	if err != nil || id == "" {
		return err
	}
	d, err := f.awaitEnd(ctx, id)
	if err != nil || d.Status == api.DeploymentStatusSuccessful {
		return err
	}
	return f.explainFailure(ctx, d)
}

// A follower waits for a deployment.
type follower struct {
	*Client
	proposal *Proposal
	show     func([]Progress)
}

// awaitStart waits for an evaluation, and returns the deployment that it has started; "" if
// there is nothing to deploy.
func (f *follower) awaitStart(ctx context.Context, evaluation string) (deployment string, err error) {
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

// awaitEnd waits until a deployment is over.
func (f *follower) awaitEnd(ctx context.Context, id string) (d *api.Deployment, err error) {
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

// until polls until done. It tolerates servers that are unavailable for a while.
func (f *follower) until(ctx context.Context, capability string, done func() (bool, error)) error {
	tick := time.NewTicker(followInterval)
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
			return fmt.Errorf("job %s is registered, and Nomad continues the deployment: %w", *f.proposal.job.ID, ctx.Err())
		case <-tick.C:
		}
	}
}

func (f *follower) progress(ctx context.Context, d *api.Deployment) []Progress {
	complaints := f.complaints(ctx, d.ID)
	all := make([]Progress, 0, len(d.TaskGroups))
	for _, g := range f.proposal.job.TaskGroups {
		if s := d.TaskGroups[*g.Name]; s != nil {
			all = append(all, Progress{g.Meta[metaStage], s.DesiredTotal, s.PlacedAllocs, s.HealthyAllocs, s.UnhealthyAllocs, complaints[*g.Name]})
		}
	}
	return all
}

// complaints returns, by group, why a container doesn't run. Errors are ignored: the state of
// the deployment doesn't depend on it.
func (f *follower) complaints(ctx context.Context, deployment string) map[string]string {
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

// explainFailure returns an error that says why a deployment has failed. It waits for the
// deployment of the version before, and includes how that ended.
func (f *follower) explainFailure(ctx context.Context, d *api.Deployment) error {
	why := fmt.Errorf("%w: %s", ErrDeploymentFailed, d.StatusDescription)
	if d.Status == api.DeploymentStatusCancelled {
		return why // another client has registered another version
	}
	if failed := f.failures(ctx, d.ID); failed != "" {
		why = fmt.Errorf("%w\n%s", why, failed)
	}
	if p := f.proposal; p.replacesApart() {
		return fmt.Errorf("%w\nNomad doesn't go back to the version before by itself, since that can't run beside this one: it goes on trying; see rollback", why)
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

// reverted waits until the deployment of the version before is over.
func (f *follower) reverted(ctx context.Context, failed *api.Deployment) (back *api.Deployment, err error) {
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
	return f.awaitEnd(ctx, id)
}
