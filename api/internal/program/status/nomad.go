package status

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/metrics/model"
)

// A Nomad is what Nomad knows about a job.
type Nomad struct {
	model.Nomad
	Stages []NomadStage
}

// A NomadStage is a stage's task group.
type NomadStage struct {
	Stage      string
	Wanted     int
	Containers []model.Container
}

// addNomad adds what Nomad knows to what the groups know.
func addNomad(j *model.Job, n *Nomad) {
	j.Nomad = &n.Nomad
	for _, on := range n.Stages {
		for i := range j.Stages {
			if s := &j.Stages[i]; s.Name == on.Stage {
				addContainers(s, on)
			}
		}
	}
}

// addContainers adds the containers that Nomad runs, with the members at their addresses.
func addContainers(s *model.Stage, on NomadStage) {
	s.Wanted, s.Containers = on.Wanted, []model.Container{}
	members := make(map[string]string)
	for _, m := range s.Members {
		members[m.Address] = m.Instance
	}
	for _, c := range on.Containers {
		if c.Address != "" {
			c.Instance = members[c.Address]
		}
		s.Containers = append(s.Containers, c)
	}
}

func writeNomad(b *bytes.Buffer, n *model.Nomad) {
	_, _ = fmt.Fprintf(b, "on Nomad: job %s in namespace %s, version %d: %s\n", n.Job, n.Namespace, n.Version, n.State)
	if n.Deployment != "" {
		_, _ = fmt.Fprintf(b, "deployment %s\n", n.Deployment)
	}
}

// writeContainers shows the containers of a stage on Nomad, one a line.
func writeContainers(b *bytes.Buffer, s *model.Stage, now time.Time) {
	_, _ = fmt.Fprintf(b, "  on Nomad, %s wanted:\n", program.Plural(s.Wanted, "container"))
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  CONTAINER\tALLOC\tNODE\tSTATE\tFOR\tRESTARTS\tINSTANCE\tLAST EVENT")
	for _, c := range s.Containers {
		_, _ = fmt.Fprintf(w, "  %s\t%.8s\t%s\t%s\t%v\t%d\t%s\t%s\n", c.Name, c.Alloc, cmp.Or(c.Node, "-"), c.State, now.Sub(c.Since).Round(time.Second), c.Restarts, cmp.Or(c.Instance, "-"), strings.TrimSuffix(c.Event, ":"))
	}
	_ = w.Flush() // to memory
}
