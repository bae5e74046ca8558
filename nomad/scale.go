package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// A Watch has the callbacks of a change to a job. Say is called by one goroutine at a time,
// Notify by several.
type Watch struct {
	// Notify sends a container its shutdown notice: Nomad will stop it and not restart it. Nomad's
	// signal alone doesn't say so, and its tasks would wait for it until its session ends.
	Notify func(context.Context, Container) error
	// Say reports progress to the user.
	Say func(line string)
}

// once returns a watch that says each line once.
func (w Watch) once() Watch {
	said, say := make(map[string]bool), w.Say
	w.Say = func(line string) {
		if !said[line] {
			said[line] = true
			say(line)
		}
	}
	return w
}

// pollInterval is how often to check the progress of a change.
const pollInterval = 250 * time.Millisecond

// Scale scales a stage of an app's job to n containers, and waits until they run. Containers
// to be removed get a shutdown notice first. If a deployment is active, Scale waits for its
// end, because Nomad refuses to scale meanwhile.
//
// Nomad stores the number in the job, as a new version. Registering the job again overwrites
// it, so the caller must read it first: see [Client.Propose].
func (c *Client) Scale(ctx context.Context, app, stage string, n int, w Watch) error {
	if n < 1 {
		return fmt.Errorf("stage %s can't have %d containers: scale it to 1 or more, or stop the job", stage, n)
	}
	w = w.once()
	for {
		job, group, err := c.stage(ctx, app, stage)
		if err != nil {
			return err
		}
		var leaving []Container
		busy := ""
		if *group.Count != n {
			leaving, busy, err = c.tryScale(ctx, job, group, n, w)
		}
		if err != nil {
			return err
		}
		if busy == "" {
			return c.awaitStage(ctx, job, stage, n, leaving, w)
		}
		w.Say(busy)
		if err := pause(ctx); err != nil {
			return fmt.Errorf("stage %s isn't scaled: %s: %w", stage, busy, err)
		}
	}
}

// tryScale scales a stage, and returns the containers to be removed; or why it has to wait.
func (c *Client) tryScale(ctx context.Context, job *api.Job, group *api.TaskGroup, n int, w Watch) (leaving []Container, busy string, err error) {
	if busy, err = c.busy(ctx, job); err != nil || busy != "" {
		return nil, busy, err
	}
	if leaving, err = c.surplus(ctx, job, group.Meta[metaStage], n); err != nil {
		return nil, "", err
	}
	c.notify(ctx, leaving, w)
	_, _, err = c.api.Jobs().Scale(*job.ID, *group.Name, &n, "scale", false, nil, c.write(ctx))
	if err != nil && strings.Contains(err.Error(), "active deployment") {
		return nil, "waiting for a deployment that has just started", nil
	}
	return leaving, "", c.explain(err, "scale job "+*job.ID, "scale-job")
}

// stage returns the task group of a stage in an app's job, which must not be stopped.
func (c *Client) stage(ctx context.Context, app, stage string) (*api.Job, *api.TaskGroup, error) {
	job, err := c.job(ctx, app)
	if err != nil {
		return nil, nil, err
	}
	if *job.Stop {
		return nil, nil, fmt.Errorf("job %s is stopped: submit starts it, with -containers %s=N", *job.ID, stage)
	}
	names := make([]string, 0, len(job.TaskGroups))
	for _, g := range job.TaskGroups {
		if g.Meta[metaStage] == stage {
			return job, g, nil
		}
		names = append(names, g.Meta[metaStage])
	}
	return nil, nil, fmt.Errorf("job %s has no stage %q: there are %s", *job.ID, stage, strings.Join(names, ", "))
}

// deployment returns the latest deployment of a job; nil if there is none.
func (c *Client) deployment(ctx context.Context, job *api.Job) (*api.Deployment, error) {
	d, _, err := c.api.Jobs().LatestDeployment(*job.ID, c.query(ctx))
	if err != nil {
		return nil, c.explain(err, "look at the deployment of job "+*job.ID, "read-job")
	}
	return d, nil
}

// busy says which deployment must end before the job can be scaled; "" if none must.
func (c *Client) busy(ctx context.Context, job *api.Job) (string, error) {
	d, err := c.deployment(ctx, job)
	if err != nil || d == nil {
		return "", err
	}
	switch d.Status {
	case api.DeploymentStatusFailed, api.DeploymentStatusSuccessful, api.DeploymentStatusCancelled:
		return "", nil
	case api.DeploymentStatusPaused:
		return "", fmt.Errorf("the deployment of version %d of job %s is paused, and Nomad doesn't scale meanwhile: nomad deployment resume %s, or fail %[3]s", d.JobVersion, *job.ID, d.ID)
	}
	return fmt.Sprintf("waiting for the deployment of version %d to end, as Nomad doesn't scale meanwhile: it is %s", d.JobVersion, d.Status), nil
}

// surplus returns the containers that scaling a stage to n removes: Nomad removes those with
// the highest indexes.
func (c *Client) surplus(ctx context.Context, job *api.Job, stage string, n int) ([]Container, error) {
	all, err := c.containers(ctx, job)
	return slices.DeleteFunc(present(all), func(k Container) bool { return k.Stage != stage || k.Index < n }), err
}

// awaitStage waits until n containers of a stage run and the leaving ones have ended.
func (c *Client) awaitStage(ctx context.Context, job *api.Job, stage string, n int, leaving []Container, w Watch) error {
	for {
		all, err := c.containers(ctx, job)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(k Container) bool { return k.Stage != stage })
		running := slices.DeleteFunc(slices.Clone(all), func(k Container) bool { return k.State != api.AllocClientStatusRunning || k.Index >= n })
		left := remaining(all, leaving, w)
		if len(running) >= n && len(left) == 0 {
			return nil
		}
		now := stageProgress(stage, n, len(running), len(left))
		w.Say(now)
		for _, k := range all {
			if k.Trouble != "" {
				w.Say(k.complaint())
			}
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%s; Nomad continues, and status shows the progress: %w", now, err)
		}
	}
}

func stageProgress(stage string, wanted, running, ending int) string {
	text := fmt.Sprintf("stage %s: %d of %s run", stage, running, containersOf(wanted))
	if ending > 0 {
		text += fmt.Sprintf(", %d end", ending)
	}
	return text
}

// complaint describes why a container doesn't run.
func (k *Container) complaint() string {
	text := k.Name + " doesn't run: " + k.Trouble
	if strings.HasPrefix(k.Trouble, noProgram) {
		text += ": if nodes have got the program from a submit that has ended, submit again"
	}
	return text
}

// pause waits for the poll interval, or until the context is done.
func pause(ctx context.Context) error {
	t := time.NewTimer(pollInterval)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
