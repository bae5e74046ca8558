package api

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gretestream/grete/nomad"
)

// A nomadStatus is what Nomad says of the job.
type nomadStatus struct {
	Job         string `json:"job"`
	Namespace   string `json:"namespace"`
	State       string `json:"state"`       // pending, running, dead, stopped
	Version     uint64 `json:"version"`     // Nomad's number
	Fingerprint string `json:"fingerprint"` // of its plan
	Deployment  string `json:"deployment,omitempty"`
}

// A containerStatus is an allocation.
type containerStatus struct {
	Name     string    `json:"name"`
	Alloc    string    `json:"alloc"`
	Node     string    `json:"node"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	Restarts uint64    `json:"restarts"`
	Event    string    `json:"event,omitempty"`
	Address  string    `json:"address,omitempty"`
	// Instance is the group's member that is asked at its address.
	Instance string `json:"instance,omitempty"`
}

// addNomad adds what Nomad says to what the groups say.
func (j *jobStatus) addNomad(n *nomad.Status) {
	j.Nomad = &nomadStatus{n.Job, n.Namespace, n.State, n.Version, n.Fingerprint, n.Deployment}
	for _, on := range n.Stages {
		for i := range j.Stages {
			if s := &j.Stages[i]; s.Name == on.Stage {
				s.addNomad(on)
			}
		}
	}
}

func (s *stageStatus) addNomad(on nomad.StageStatus) {
	s.Wanted, s.Containers = on.Wanted, []containerStatus{}
	members := make(map[string]string)
	for _, m := range s.Members {
		members[m.Address] = m.Instance
	}
	for _, k := range on.Containers {
		c := containerStatus{k.Name, k.Alloc, k.Node, k.State, k.Since, k.Restarts, cmp.Or(k.Trouble, k.Event), k.Address, ""}
		if k.Address != "" {
			c.Instance = members[k.Address]
		}
		s.Containers = append(s.Containers, c)
	}
}

// write says it in lines.
func (n *nomadStatus) write(b *bytes.Buffer) {
	_, _ = fmt.Fprintf(b, "on Nomad: job %s in namespace %s, version %d: %s\n", n.Job, n.Namespace, n.Version, n.State)
	if n.Deployment != "" {
		_, _ = fmt.Fprintf(b, "deployment %s\n", n.Deployment)
	}
}

// nomadTable shows the containers of a stage on Nomad, one in a line.
func (s *stageStatus) nomadTable(b *bytes.Buffer, now time.Time) {
	_, _ = fmt.Fprintf(b, "  on Nomad, where it is to have %s:\n", plural(s.Wanted, "container"))
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  CONTAINER\tALLOC\tNODE\tSTATE\tFOR\tRESTARTS\tINSTANCE\tLAST EVENT")
	for _, c := range s.Containers {
		_, _ = fmt.Fprintf(w, "  %s\t%.8s\t%s\t%s\t%v\t%d\t%s\t%s\n", c.Name, c.Alloc, cmp.Or(c.Node, "-"), c.State, now.Sub(c.Since).Round(time.Second), c.Restarts, cmp.Or(c.Instance, "-"), strings.TrimSuffix(c.Event, ":"))
	}
	_ = w.Flush() // to memory
}
