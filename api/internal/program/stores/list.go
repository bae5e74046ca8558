// Package stores has the commands stores list and stores dump: they show the job's
// stores, and what is in them.
package stores

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
)

// Commands are those of this package.
type Commands struct {
	Stores struct {
		List ListCommand `cmd:"" help:"List the stores, with their types."`
		Dump DumpCommand `cmd:"" help:"Print all entries of a store, one JSON object a line: from a running job over HTTP, else from the changelog."`
	} `cmd:"" help:"Show the stores of the job, and what is in them."`
}

// A ListCommand lists the stores.
type ListCommand struct{}

// Run runs the command.
func (ListCommand) Run(p program.Pipeline, c program.Console) error {
	plan, err := p.PlanOffline(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "STORE\tSTAGE\tLAYOUT\tKEY\tVALUE")
	for _, stage := range plan.Stages {
		for i := range stage.Stores {
			s := &stage.Stores[i]
			spec := plan.Spec(s)
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, stage.Name, spec.Layout, spec.Key, spec.Value)
		}
	}
	return w.Flush()
}

// find returns a store of the plan, and its stage.
func find(plan *scheduler.Plan, name string) (*scheduler.Store, *scheduler.Stage, error) {
	var names []string
	for i := range plan.Stages {
		stage := &plan.Stages[i]
		for n := range stage.Stores {
			if stage.Stores[n].Name == name {
				return &stage.Stores[n], stage, nil
			}
			names = append(names, stage.Stores[n].Name)
		}
	}
	slices.Sort(names)
	stores := "the pipeline has none"
	if len(names) > 0 {
		stores = "the stores are: " + strings.Join(names, ", ")
	}
	return nil, nil, fmt.Errorf("there is no store %q; %s", name, stores)
}
