package nomad

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// A Proposal is a job to register, with Nomad's prediction of the effect. Nothing has changed
// yet.
type Proposal struct {
	job     *api.Job
	running *api.Job // the job that it replaces; nil if none is running
	index   uint64   // modify index of Nomad's job; 0 if there is none
	plan    *api.JobPlanResponse
}

// Propose asks Nomad for the effect of registering a job. It is an error if another job has
// its name. With keepCounts, stages keep the numbers of containers of Nomad's job, which
// scaling may have changed.
func (c *Client) Propose(ctx context.Context, job *api.Job, keepCounts bool) (*Proposal, error) {
	there, _, err := c.api.Jobs().Info(*job.ID, c.query(ctx))
	if err != nil && !missing(err) {
		return nil, c.explain(err, "looking whether there is a job "+*job.ID, "read-job")
	}
	p := &Proposal{job: job}
	if err == nil {
		if !Ours(there) || there.Meta[metaApp] != job.Meta[metaApp] {
			return nil, fmt.Errorf("the namespace %s has a job %s that submit hasn't made for %s: nothing was changed; give the app another name, or say -namespace", c.namespace, *job.ID, job.Meta[metaApp])
		}
		if there.Stop == nil || !*there.Stop {
			p.running = there
		}
		if keepCounts {
			p.keepCounts(there)
		}
	}
	if p.plan, _, err = c.api.Jobs().PlanOpts(job, &api.PlanOptions{Diff: true}, c.write(ctx)); err != nil {
		return nil, c.explain(err, "asking what would come of job "+*job.ID, "submit-job")
	}
	p.index = p.plan.JobModifyIndex
	c.nameConstraints(ctx, p)
	return p, nil
}

// nameConstraints finds the constraints that exclude nodes for a running job. Nomad doesn't
// name them for containers that were to stay on their nodes, so this asks for the effect of
// the same job under a new name. Errors are ignored: they only cost detail.
func (c *Client) nameConstraints(ctx context.Context, p *Proposal) {
	failed := p.plan.FailedTGAllocs
	unnamed := func(m *api.AllocationMetric) bool { return m.ConstraintFiltered[sameClass] > 0 }
	if p.running == nil || !slices.ContainsFunc(slices.Collect(maps.Values(failed)), unnamed) {
		return
	}
	job, id := *p.job, *p.job.ID+"-new"
	job.ID, job.Name = &id, &id
	fresh, _, err := c.api.Jobs().PlanOpts(&job, &api.PlanOptions{}, c.write(ctx))
	if err != nil {
		return
	}
	for group, m := range fresh.FailedTGAllocs {
		if was := failed[group]; was != nil && unnamed(was) {
			failed[group] = m
		}
	}
}

// ProposeAgain proposes the same job again, after something has changed.
func (c *Client) ProposeAgain(ctx context.Context, p *Proposal) (*Proposal, error) {
	return c.Propose(ctx, p.job, false)
}

func (p *Proposal) keepCounts(there *api.Job) {
	for _, now := range p.job.TaskGroups {
		for _, was := range there.TaskGroups {
			if *was.Name == *now.Name && was.Count != nil {
				now.Count = was.Count
			}
		}
	}
}

// Replaces reports whether a job of the same name is running.
func (p *Proposal) Replaces() bool { return p.running != nil }

// Artifact returns the URL from which an app's job fetches its program; "" if there is no
// job, or no URL.
func (c *Client) Artifact(ctx context.Context, app string) string {
	job, err := c.job(ctx, app)
	if err != nil || len(job.TaskGroups) == 0 {
		return ""
	}
	if a := job.TaskGroups[0].Tasks[0].Artifacts; len(a) > 0 {
		return *a[0].GetterSource
	}
	return ""
}

// Changes reports whether registering the job changes anything.
func (p *Proposal) Changes() bool {
	return p.running == nil || p.plan.Diff == nil || p.plan.Diff.Type != "None"
}

// Unplaceable returns an error for each stage whose containers fit on no node, with the
// reasons.
func (p *Proposal) Unplaceable() error {
	var errs []error
	for _, g := range p.job.TaskGroups {
		if m := p.plan.FailedTGAllocs[*g.Name]; m != nil {
			errs = append(errs, fmt.Errorf("no node fits %s of stage %s: %s", containersOf(1+m.CoalescedFailures), g.Meta[metaStage], reasons(m)))
		}
	}
	return errors.Join(errs...)
}

// What Nomad names instead of a constraint.
const (
	sameClass = "computed class ineligible" // of nodes of the same class as a rejected one
	noDriver  = "missing drivers"
)

// reasons lists why nodes don't fit.
func reasons(m *api.AllocationMetric) string {
	var why []string
	each := func(counts map[string]int, text string) {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			if n := counts[name]; n > 0 {
				why = append(why, fmt.Sprintf(text, name, nodesOf(n)))
			}
		}
	}
	each(m.DimensionExhausted, "%s exhausted on %s")
	filtered := maps.Clone(m.ConstraintFiltered)
	if n := filtered[sameClass]; n > 0 {
		why = append(why, nodesOf(n)+" of a kind that doesn't fit, as for another stage")
		delete(filtered, sameClass)
	}
	if n := filtered[noDriver]; n > 0 {
		why = append(why, nodesOf(n)+" without the driver that -driver names: exec needs agents that run as root, and raw_exec a setting of the agents")
		delete(filtered, noDriver)
	}
	each(filtered, "%s isn't met by %s")
	for _, q := range m.QuotaExhausted {
		why = append(why, "quota: "+q)
	}
	if m.NodesInPool == 0 && m.NodePool != "" {
		why = append(why, "no node is ready in the pool "+m.NodePool)
	} else if m.NodesEvaluated == 0 {
		why = append(why, "no node is ready where the job may run: look at -datacenter, -node-pool and the nodes")
	}
	if len(why) == 0 {
		why = append(why, fmt.Sprintf("%s looked at, %d filtered, %d exhausted", nodesOf(m.NodesEvaluated), m.NodesFiltered, m.NodesExhausted))
	}
	return strings.Join(why, "; ")
}

func containersOf(n int) string { return counted(n, "container") }
func nodesOf(n int) string      { return counted(n, "node") }

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
