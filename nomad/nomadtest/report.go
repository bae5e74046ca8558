package nomadtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// logState logs the ends of the agents' logs and the states of all tasks, after a failure.
func (c *Cluster) logState(t testing.TB) {
	for _, a := range c.agents {
		t.Logf("the end of the log of %s:\n%s", a.name, a.logTail())
	}
	t.Logf("the tasks:\n%s", c.tasks())
}

// tasks describes all tasks, the oldest first.
func (c *Cluster) tasks() string {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	q := query(ctx)
	q.Namespace = api.AllNamespacesNamespace
	allocs, _, err := c.API().Allocations().List(q)
	if err != nil {
		return err.Error()
	}
	slices.SortFunc(allocs, func(a, b *api.AllocationListStub) int { return int(a.CreateIndex) - int(b.CreateIndex) })
	var text strings.Builder
	for _, a := range allocs {
		fmt.Fprintf(&text, "%s version %d on %s, allocation %.8s: %s, should %s\n", a.Name, a.JobVersion, a.NodeName, a.ID, a.ClientStatus, a.DesiredStatus)
		for name, state := range a.TaskStates {
			fmt.Fprintf(&text, "  task %s: %s\n", name, state.State)
			for _, e := range state.Events[max(0, len(state.Events)-5):] {
				fmt.Fprintf(&text, "    %s %s: %s\n", time.Unix(0, e.Time).Format(time.TimeOnly), e.Type, e.DisplayMessage)
			}
		}
	}
	return text.String()
}
