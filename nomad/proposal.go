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

// A Proposal is a job that is to be registered, and what Nomad says that would come of it.
// Nothing has changed yet.
type Proposal struct {
	job     *api.Job
	running *api.Job // what it replaces; nil if no job of the name is to run
	index   uint64   // of the job that Nomad has, 0 if it has none
	plan    *api.JobPlanResponse
}

// Propose asks Nomad what would come of a job. Of a name that belongs to a job that isn't
// ours it is an error. With keepCounts stages have as many containers as they have in the
// job that Nomad knows, as scaling has left it.
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

// nameConstraints finds out by which constraints nodes are ruled out for a job that is
// there. Nomad doesn't say it of containers that were to stay on their nodes: so it is
// asked what would come of the job as a new one. If it doesn't answer that, less is known.
func (c *Client) nameConstraints(ctx context.Context, p *Proposal) {
	failed := p.plan.FailedTGAllocs
	unnamed := func(m *api.AllocationMetric) bool { return m.ConstraintFiltered[sameClass] > 0 }
	if p.running == nil || !slices.ContainsFunc(slices.Collect(maps.Values(failed)), unnamed) {
		return
	}
	job, id := *p.job, *p.job.ID+"-new"
	job.ID, job.Name = &id, &id
	anew, _, err := c.api.Jobs().PlanOpts(&job, &api.PlanOptions{}, c.write(ctx))
	if err != nil {
		return
	}
	for group, m := range anew.FailedTGAllocs {
		if was := failed[group]; was != nil && unnamed(was) {
			failed[group] = m
		}
	}
}

// ProposeAgain asks anew, after something has changed.
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

// Replaces tells whether a job of the name is to run now.
func (p *Proposal) Replaces() bool { return p.running != nil }

// Artifact is where an app's job, if there is one, has its program from; "" if that isn't
// known.
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

// Changes tells whether registering it does anything.
func (p *Proposal) Changes() bool {
	return p.running == nil || p.plan.Diff == nil || p.plan.Diff.Type != "None"
}

// Unplaceable says for which stages there is no node, and why; nil if there is one for
// all containers.
func (p *Proposal) Unplaceable() error {
	var errs []error
	for _, g := range p.job.TaskGroups {
		if m := p.plan.FailedTGAllocs[*g.Name]; m != nil {
			errs = append(errs, fmt.Errorf("no node fits %s of stage %s: %s", containersOf(1+m.CoalescedFailures), g.Meta[metaStage], whyNot(m)))
		}
	}
	return errors.Join(errs...)
}

// What Nomad says in the place of a constraint.
const (
	sameClass = "computed class ineligible" // of nodes like one that it has looked at before
	noDriver  = "missing drivers"
)

// whyNot says in which way nodes don't fit.
func whyNot(m *api.AllocationMetric) string {
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
		why = append(why, nodesOf(n)+" without the driver that -driver names: exec is where agents run as root, and raw_exec where they are told to have it")
		delete(filtered, noDriver)
	}
	each(filtered, "%s isn't so on %s")
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
