package status

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gretestream/grete/api/internal/program"
)

// A Nomad is the status of a job on Nomad.
type Nomad struct {
	Job         string `json:"job"`
	Namespace   string `json:"namespace"`
	State       string `json:"state"`       // pending, running, dead, stopped
	Version     uint64 `json:"version"`     // Nomad's number
	Fingerprint string `json:"fingerprint"` // of its plan
	Deployment  string `json:"deployment,omitempty"`
	// Stages become part of the job's stages.
	Stages []NomadStage `json:"-"`
}

// A NomadStage is a stage's task group.
type NomadStage struct {
	Stage      string
	Wanted     int
	Containers []Container
}

// A Container is an allocation.
type Container struct {
	Name     string    `json:"name"`
	Alloc    string    `json:"alloc"`
	Node     string    `json:"node"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	Restarts uint64    `json:"restarts"`
	Event    string    `json:"event,omitempty"`
	Address  string    `json:"address,omitempty"`
	// Instance is the group's member whose HTTP API has its address.
	Instance string `json:"instance,omitempty"`
}

// addNomad adds what Nomad knows to what the groups know.
func (j *Job) addNomad(n *Nomad) {
	j.Nomad = n
	for _, on := range n.Stages {
		for i := range j.Stages {
			if s := &j.Stages[i]; s.Name == on.Stage {
				s.addNomad(on)
			}
		}
	}
}

func (s *Stage) addNomad(on NomadStage) {
	s.Wanted, s.Containers = on.Wanted, []Container{}
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

func (n *Nomad) write(b *bytes.Buffer) {
	_, _ = fmt.Fprintf(b, "on Nomad: job %s in namespace %s, version %d: %s\n", n.Job, n.Namespace, n.Version, n.State)
	if n.Deployment != "" {
		_, _ = fmt.Fprintf(b, "deployment %s\n", n.Deployment)
	}
}

// writeContainers shows the containers of a stage on Nomad, one a line.
func (s *Stage) writeContainers(b *bytes.Buffer, now time.Time) {
	_, _ = fmt.Fprintf(b, "  on Nomad, %s wanted:\n", program.Plural(s.Wanted, "container"))
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  CONTAINER\tALLOC\tNODE\tSTATE\tFOR\tRESTARTS\tINSTANCE\tLAST EVENT")
	for _, c := range s.Containers {
		_, _ = fmt.Fprintf(w, "  %s\t%.8s\t%s\t%s\t%v\t%d\t%s\t%s\n", c.Name, c.Alloc, cmp.Or(c.Node, "-"), c.State, now.Sub(c.Since).Round(time.Second), c.Restarts, cmp.Or(c.Instance, "-"), strings.TrimSuffix(c.Event, ":"))
	}
	_ = w.Flush() // to memory
}
