package nomad

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/nomad/api"
)

// Stop ends an app's job, and waits until all of its containers have ended; they are told
// before. With purge Nomad forgets it. The state on the nodes goes with the containers:
// it is restored when the job is submitted again.
func (c *Client) Stop(ctx context.Context, app string, purge bool, w Watch) error {
	job, err := c.job(ctx, app)
	if err != nil {
		return err
	}
	all, err := c.containers(ctx, job)
	if err != nil {
		return err
	}
	going, w := present(all), w.once()
	if *job.Stop && !purge && len(going) == 0 {
		w.Say("job " + *job.ID + " was stopped before; -purge has Nomad forget it")
		return nil
	}
	c.tell(ctx, going, w)
	if !*job.Stop {
		err = c.deregister(ctx, job, false)
	}
	if err == nil {
		err = c.awaitEnd(ctx, job, going, w)
	}
	// Of a job that it forgets Nomad forgets at once which containers are still ending.
	if err == nil && purge {
		err = c.deregister(ctx, job, true)
	}
	return err
}

func (c *Client) deregister(ctx context.Context, job *api.Job, purge bool) error {
	_, _, err := c.api.Jobs().Deregister(*job.ID, purge, c.write(ctx))
	return c.explain(err, "stop job "+*job.ID, "submit-job")
}

// awaitEnd waits until none of a job's containers is left.
func (c *Client) awaitEnd(ctx context.Context, job *api.Job, going []Container, w Watch) error {
	for {
		all, err := c.containers(ctx, job)
		if err != nil {
			return err
		}
		left := remaining(all, going, w)
		if len(left) == 0 {
			return nil
		}
		w.Say(fmt.Sprintf("waiting for %d containers to end", len(left)))
		if err := pause(ctx); err != nil {
			return fmt.Errorf("job %s is stopped, and %d containers haven't ended, %s on %s among them: %w", *job.ID, len(left), left[0].Name, left[0].Node, err)
		}
	}
}

// remaining are those that go and haven't ended. Nomad can't end what is on a node that
// it hears nothing of, so that isn't waited for.
func remaining(all, going []Container, w Watch) (left []Container) {
	for _, g := range going {
		i := slices.IndexFunc(all, func(k Container) bool { return k.Alloc == g.Alloc })
		switch {
		case i < 0 || all[i].Ended():
		case all[i].State == api.AllocClientStatusUnknown:
			w.Say(fmt.Sprintf("%s is on node %s, of which Nomad hears nothing: it is ended when the node is back", g.Name, g.Node))
		default:
			left = append(left, all[i])
		}
	}
	return left
}

// atOnce bounds how many containers are told at a time.
const atOnce = 16

// tell tells containers that they won't be back. One that can't be told is named, and
// goes nevertheless: others have its tasks when its session is over.
func (c *Client) tell(ctx context.Context, going []Container, w Watch) {
	var all sync.WaitGroup
	places, failed := make(chan struct{}, atOnce), make([]error, len(going))
	for i, k := range going {
		if k.State != api.AllocClientStatusRunning {
			continue
		}
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			failed[i] = w.Tell(ctx, k)
		})
	}
	all.Wait()
	for i, err := range failed {
		if err != nil {
			w.Say(fmt.Sprintf("%s, on %s, can't be told that it won't be back (%v): others have its tasks when its session is over", going[i].Name, going[i].Node, err))
		}
	}
}

// Token is the job's token, as its variable has it: "" if there is none, or who asks may
// not read it.
func (c *Client) Token(ctx context.Context, app string) string {
	items, _, err := c.api.Variables().GetVariableItems(variablePath(app), c.query(ctx))
	if err != nil {
		return ""
	}
	return items[tokenSecret().Name]
}
