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

// logTail is how many lines of the end of a failed container's log are shown.
const logTail = 10

// failures describes a failed container of each stage: its last event, and the end of its
// log.
func (f *follower) failures(ctx context.Context, deployment string) string {
	all, _, err := f.api.Deployments().Allocations(deployment, f.query(ctx))
	if err != nil {
		return ""
	}
	slices.SortFunc(all, func(a, b *api.AllocationListStub) int { return strings.Compare(a.TaskGroup, b.TaskGroup) })
	var said []string
	told := make(map[string]bool)
	for _, a := range all {
		unhealthy := a.DeploymentStatus != nil && a.DeploymentStatus.Healthy != nil && !*a.DeploymentStatus.Healthy
		if (unhealthy || a.ClientStatus == api.AllocClientStatusFailed) && !told[a.TaskGroup] {
			told[a.TaskGroup] = true
			said = append(said, f.failure(ctx, a))
		}
	}
	return strings.Join(said, "\n")
}

func (f *follower) failure(ctx context.Context, a *api.AllocationListStub) string {
	text := fmt.Sprintf("%s on %s: %s", a.Name, a.NodeName, cmp.Or(trouble(a), a.ClientStatus))
	for _, line := range f.stderr(ctx, a.ID) {
		text += "\n  | " + line
	}
	return text
}

// noProgram is the event of a node that can't fetch the program.
const noProgram = "Failed Artifact Download"

// trouble describes the last failure of a container, rather than Nomad's reaction to it; "" if
// there was none.
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

// stderr returns the last lines of a container's standard error, or why it can't be read.
func (f *follower) stderr(ctx context.Context, id string) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	alloc, _, err := f.api.Allocations().Info(id, f.query(ctx))
	if err != nil {
		return []string{f.explain(err, "reading its log", "read-job").Error()}
	}
	frames, errs := f.api.AllocFS().Logs(alloc, false, taskName, "stderr", api.OriginEnd, 4000, ctx.Done(), f.query(ctx))
	var text strings.Builder
	for reading := true; reading; {
		select {
		case frame, ok := <-frames: // never ready if frames is nil
			if reading = ok; ok {
				text.Write(frame.Data)
			}
		case err := <-errs:
			return []string{f.explain(err, "reading its log", "read-logs").Error()}
		}
	}
	if strings.TrimSpace(text.String()) == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	return lines[max(0, len(lines)-logTail):]
}

// A Place has the addresses of the HTTP APIs of a stage's containers.
type Place struct {
	Stage     string
	Addresses []string // HOST:PORT
}

// Places returns the addresses of the job's containers, from Nomad's service discovery.
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
