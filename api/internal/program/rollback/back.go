package rollback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/stream"
)

// A wayBack leads to an earlier version.
type wayBack struct {
	to      history.Entry
	verdict compare.Verdict
}

// find finds the plan with a number, by default the one before the last, and compares what it
// would be today with the last one.
func find(ctx context.Context, system stream.System, h *history.History, number int) (*wayBack, error) {
	last, err := h.Last()
	if err != nil {
		return nil, err
	}
	if len(h.Plans) < 2 {
		return nil, errors.New("the job has run no other version here, so there is none to go back to")
	}
	i := 1
	if number != 0 {
		if i = slices.IndexFunc(h.Plans, func(e history.Entry) bool { return e.Number == number }); i < 0 {
			return nil, fmt.Errorf("no plan with number %d is recorded; -list shows the last ten", number)
		}
	}
	to := h.Plans[i]
	plan, err := scheduler.ParsePlan(to.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan %d: %w", to.Number, err)
	}
	today, err := again(ctx, system, plan, h.Renames)
	if err != nil {
		return nil, fmt.Errorf("plan %d doesn't fit the topics any more: %w", to.Number, err)
	}
	return &wayBack{to, compare.Plans(last, today)}, nil
}

// again plans the pipeline of an earlier plan for the topics and names of today.
func again(ctx context.Context, system stream.System, plan *scheduler.Plan, renames map[string]string) (*scheduler.Plan, error) {
	g := plan.Graph()
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Name != "" {
			n.KeptAs = renames[n.Name]
		}
	}
	names, all := scheduler.Topics(g)
	if all {
		names = nil
	}
	known, err := system.Admin().Partitions(ctx, names...)
	if err != nil {
		return nil, err
	}
	containers := make(map[string]int)
	for i := range plan.Stages {
		containers[plan.Stages[i].Name] = plan.Stages[i].Containers
	}
	return scheduler.Build(g, scheduler.Metadata{Partitions: known}, scheduler.Options{StageContainers: containers})
}

// instruction says what the user does to go back.
func (b *wayBack) instruction() string {
	start := fmt.Sprintf("start the program that ran by plan %d: %s", b.to.Number, b.to.Program)
	switch {
	case len(b.verdict.Drain) > 0:
		return "drain the job with the command drain of the running version, then " + start
	case b.verdict.Kind == compare.Restart:
		return "stop all processes of the running version, then " + start
	}
	return "replace the running processes, one at a time: stop one, and " + start
}

// list lists the recorded plans.
func list(c program.Console, h *history.History) error {
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PLAN\tRECORDED\tFINGERPRINT\tPROGRAM")
	for _, e := range h.Plans {
		fingerprint, recorded := "unreadable", "unknown"
		if p, err := scheduler.ParsePlan(e.Plan); err == nil {
			fingerprint = p.Fingerprint
		}
		if !e.Recorded.IsZero() {
			recorded = e.Recorded.Format("2006-01-02 15:04:05")
		}
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", e.Number, recorded, fingerprint, e.Program)
	}
	return w.Flush()
}
