package nomad

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// lastWords is how much of the end of a container's log is shown.
const lastWords = 10 // lines

// failures says of one container of each stage that failed in a deployment what happened
// to it last, and the end of what it has said.
func (f *following) failures(ctx context.Context, deployment string) string {
	all, _, err := f.api.Deployments().Allocations(deployment, f.query(ctx))
	if err != nil {
		return ""
	}
	slices.SortFunc(all, func(a, b *api.AllocationListStub) int { return strings.Compare(a.TaskGroup, b.TaskGroup) })
	var said []string
	told := make(map[string]bool)
	for _, a := range all {
		unwell := a.DeploymentStatus != nil && a.DeploymentStatus.Healthy != nil && !*a.DeploymentStatus.Healthy
		if (unwell || a.ClientStatus == api.AllocClientStatusFailed) && !told[a.TaskGroup] {
			told[a.TaskGroup] = true
			said = append(said, f.failure(ctx, a))
		}
	}
	return strings.Join(said, "\n")
}

func (f *following) failure(ctx context.Context, a *api.AllocationListStub) string {
	text := fmt.Sprintf("%s on %s: %s", a.Name, a.NodeName, cmp.Or(trouble(a), a.ClientStatus))
	for _, line := range f.stderr(ctx, a.ID) {
		text += "\n  | " + line
	}
	return text
}

// noProgram is what Nomad calls it when a node doesn't get the program.
const noProgram = "Failed Artifact Download"

// trouble is what happened to a container last that it should be spared, and not what Nomad
// has done about it; "" if nothing did.
func trouble(a *api.AllocationListStub) (text string) {
	t := a.TaskStates[taskName]
	if t == nil {
		return ""
	}
	for _, e := range t.Events {
		switch e.Type {
		case noProgram, "Terminated", "Driver Failure", "Setup Failure", "Failed Validation", "Task hook failed", "Template":
			text = eventText(e)
		}
	}
	return text
}

func eventText(e *api.TaskEvent) string {
	return strings.Join(strings.Fields(e.Type+": "+e.DisplayMessage), " ")
}

// stderr are the last lines of it, none if they aren't to be had: then it is said why.
func (f *following) stderr(ctx context.Context, id string) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	alloc, _, err := f.api.Allocations().Info(id, f.query(ctx))
	if err != nil {
		return []string{f.explain(err, "reading what it has said", "read-job").Error()}
	}
	frames, errs := f.api.AllocFS().Logs(alloc, false, taskName, "stderr", api.OriginEnd, 4000, ctx.Done(), f.query(ctx))
	var text strings.Builder
	for reading := true; reading; {
		select {
		case frame, ok := <-frames: // never, where there are none
			if reading = ok; ok {
				text.Write(frame.Data)
			}
		case err := <-errs:
			return []string{f.explain(err, "reading what it has said", "read-logs").Error()}
		}
	}
	if strings.TrimSpace(text.String()) == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	return lines[max(0, len(lines)-lastWords):]
}

// A Place is where a stage's containers are asked.
type Place struct {
	Stage     string
	Addresses []string // HOST:PORT
}

// Places are where the job's containers are asked, as Nomad announces it.
func (c *Client) Places(ctx context.Context, p *Proposal) ([]Place, error) {
	all := make([]Place, 0, len(p.job.TaskGroups))
	for _, g := range p.job.TaskGroups {
		at := Place{Stage: g.Meta[metaStage]}
		services, _, err := c.api.Services().Get(g.Services[0].Name, c.query(ctx))
		if err != nil {
			return nil, c.explain(err, "asking where the job is", "read-job")
		}
		for _, s := range services {
			at.Addresses = append(at.Addresses, net.JoinHostPort(s.Address, fmt.Sprint(s.Port)))
		}
		slices.Sort(at.Addresses)
		all = append(all, at)
	}
	return all, nil
}
