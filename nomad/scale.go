package nomad

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// A Watch is what somebody does who changes a job, while Nomad does its part. Both are
// called by one goroutine at a time, but for Tell.
type Watch struct {
	// Tell tells a container that it won't be back when Nomad ends it. By Nomad's signal
	// alone it can't know, and its tasks would wait for it as long as its session lasts.
	Tell func(context.Context, Container) error
	// Say says what happens to a person.
	Say func(line string)
}

// once is a watch that says nothing twice.
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

// every is how often a change is looked at.
const every = 250 * time.Millisecond

// Scale has a stage of an app's job have n containers, and waits until it has. Those that
// go are told before. A deployment that is under way is waited for: Nomad refuses to
// scale meanwhile.
//
// Nomad keeps the number in the job, as a new version of it. Who registers the job anew
// overwrites it with the number in that, and so has to look first which there is.
func (c *Client) Scale(ctx context.Context, app, stage string, n int, w Watch) error {
	if n < 1 {
		return fmt.Errorf("stage %s can't have %d containers: one at least, or stop the job", stage, n)
	}
	w = w.once()
	for {
		job, group, err := c.stage(ctx, app, stage)
		if err != nil {
			return err
		}
		var going []Container
		busy := ""
		if *group.Count != n {
			going, busy, err = c.tryScale(ctx, job, group, n, w)
		}
		if err != nil {
			return err
		}
		if busy == "" {
			return c.awaitStage(ctx, job, stage, n, going, w)
		}
		w.Say(busy)
		if err := pause(ctx); err != nil {
			return fmt.Errorf("stage %s isn't scaled: %s: %w", stage, busy, err)
		}
	}
}

// tryScale scales a stage, and returns which containers go; or why it has to wait.
func (c *Client) tryScale(ctx context.Context, job *api.Job, group *api.TaskGroup, n int, w Watch) (going []Container, busy string, err error) {
	if busy, err = c.busy(ctx, job); err != nil || busy != "" {
		return nil, busy, err
	}
	if going, err = c.surplus(ctx, job, group.Meta[metaStage], n); err != nil {
		return nil, "", err
	}
	c.tell(ctx, going, w)
	_, _, err = c.api.Jobs().Scale(*job.ID, *group.Name, &n, "scale", false, nil, c.write(ctx))
	if err != nil && strings.Contains(err.Error(), "active deployment") {
		return nil, "waiting for a deployment that has just begun", nil
	}
	return going, "", c.explain(err, "scale job "+*job.ID, "scale-job")
}

// stage looks up a stage's task group in an app's job that is to run.
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

// deployment is the one of the job's last version that had one; nil if none had.
func (c *Client) deployment(ctx context.Context, job *api.Job) (*api.Deployment, error) {
	d, _, err := c.api.Jobs().LatestDeployment(*job.ID, c.query(ctx))
	if err != nil {
		return nil, c.explain(err, "look at the deployment of job "+*job.ID, "read-job")
	}
	return d, nil
}

// busy says which deployment has to end before the job can be scaled; "" is none.
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

// surplus are the containers that go when a stage has n: Nomad takes the highest places
// away.
func (c *Client) surplus(ctx context.Context, job *api.Job, stage string, n int) ([]Container, error) {
	all, err := c.containers(ctx, job)
	return slices.DeleteFunc(present(all), func(k Container) bool { return k.Stage != stage || k.Index < n }), err
}

// awaitStage waits until n containers of a stage run, and those that go have ended.
func (c *Client) awaitStage(ctx context.Context, job *api.Job, stage string, n int, going []Container, w Watch) error {
	for {
		all, err := c.containers(ctx, job)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(k Container) bool { return k.Stage != stage })
		running := slices.DeleteFunc(slices.Clone(all), func(k Container) bool { return k.State != api.AllocClientStatusRunning || k.Index >= n })
		left := remaining(all, going, w)
		if len(running) >= n && len(left) == 0 {
			return nil
		}
		now := howFar(stage, n, len(running), len(left))
		w.Say(now)
		for _, k := range all {
			if k.Trouble != "" {
				w.Say(k.complaint())
			}
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%s, after Nomad was told, which goes on with it; status says how it is: %w", now, err)
		}
	}
}

func howFar(stage string, wanted, running, ending int) string {
	text := fmt.Sprintf("stage %s: %d of %s run", stage, running, containersOf(wanted))
	if ending > 0 {
		text += fmt.Sprintf(", %d end", ending)
	}
	return text
}

// complaint says why a container doesn't run.
func (k *Container) complaint() string {
	text := k.Name + " doesn't run: " + k.Trouble
	if strings.HasPrefix(k.Trouble, noProgram) {
		text += ": if nodes have got the program from a submit that has ended, submit again"
	}
	return text
}

// pause waits for a moment, or returns why nothing is waited for any more.
func pause(ctx context.Context) error {
	t := time.NewTimer(every)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
