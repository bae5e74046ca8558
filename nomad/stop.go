package nomad

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/nomad/api"
)

// Stop stops an app's job, and waits until all of its containers have ended. They get a
// shutdown notice first. With purge, Nomad also removes the job. Nomad deletes the local
// state of the containers: it is restored when the job is submitted again.
func (c *Client) Stop(ctx context.Context, app string, purge bool, w Watch) error {
	job, err := c.job(ctx, app)
	if err != nil {
		return err
	}
	all, err := c.containers(ctx, job)
	if err != nil {
		return err
	}
	leaving, w := present(all), w.once()
	if *job.Stop && !purge && len(leaving) == 0 {
		w.Say("job " + *job.ID + " was stopped before; -purge has Nomad forget it")
		return nil
	}
	c.notify(ctx, leaving, w)
	if !*job.Stop {
		err = c.deregister(ctx, job, false)
	}
	if err == nil {
		err = c.awaitEnd(ctx, job, leaving, w)
	}
	// Once it has purged a job, Nomad no longer lists containers that are still ending.
	if err == nil && purge {
		err = c.deregister(ctx, job, true)
	}
	return err
}

func (c *Client) deregister(ctx context.Context, job *api.Job, purge bool) error {
	_, _, err := c.api.Jobs().Deregister(*job.ID, purge, c.write(ctx))
	return c.explain(err, "stop job "+*job.ID, "submit-job")
}

// awaitEnd waits until the leaving containers have ended.
func (c *Client) awaitEnd(ctx context.Context, job *api.Job, leaving []Container, w Watch) error {
	for {
		all, err := c.containers(ctx, job)
		if err != nil {
			return err
		}
		left := remaining(all, leaving, w)
		if len(left) == 0 {
			return nil
		}
		w.Say(fmt.Sprintf("waiting for %d containers to end", len(left)))
		if err := pause(ctx); err != nil {
			return fmt.Errorf("job %s is stopped, but %d containers haven't ended, among them %s on %s: %w", *job.ID, len(left), left[0].Name, left[0].Node, err)
		}
	}
}

// remaining returns the leaving containers that haven't ended. It leaves out those on
// unreachable nodes, which Nomad can't end.
func remaining(all, leaving []Container, w Watch) (left []Container) {
	for _, g := range leaving {
		i := slices.IndexFunc(all, func(k Container) bool { return k.Alloc == g.Alloc })
		switch {
		case i < 0 || all[i].Ended():
		case all[i].State == api.AllocClientStatusUnknown:
			w.Say(fmt.Sprintf("%s is on node %s, which Nomad can't reach: it will end when the node is back", g.Name, g.Node))
		default:
			left = append(left, all[i])
		}
	}
	return left
}

// maxNotices bounds how many shutdown notices are sent at a time.
const maxNotices = 16

// notify sends shutdown notices. A container that can't be reached is reported and stopped
// nevertheless: its tasks move when its session ends.
func (c *Client) notify(ctx context.Context, leaving []Container, w Watch) {
	var all sync.WaitGroup
	slots, failed := make(chan struct{}, maxNotices), make([]error, len(leaving))
	for i, k := range leaving {
		if k.State != api.AllocClientStatusRunning {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			failed[i] = w.Notify(ctx, k)
		})
	}
	all.Wait()
	for i, err := range failed {
		if err != nil {
			w.Say(fmt.Sprintf("%s on %s can't get its shutdown notice (%v): its tasks move when its session ends", leaving[i].Name, leaving[i].Node, err))
		}
	}
}

// Token returns the text of the token, or of two, in the variable of an app's job; "" if
// there is none, or if the client may not read it.
func (c *Client) Token(ctx context.Context, app string) string {
	return c.item(ctx, app, tokenSecret().Name)
}

// Authority is Token for the certificates of the authority of the HTTP API.
func (c *Client) Authority(ctx context.Context, app string) string {
	return c.item(ctx, app, authorityItem)
}

func (c *Client) item(ctx context.Context, app, name string) string {
	items, _, err := c.api.Variables().GetVariableItems(variablePath(app), c.query(ctx))
	if err != nil {
		return ""
	}
	return items[name]
}
