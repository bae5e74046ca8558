package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Text describes the plan for people.
func (p *Plan) Text() string {
	var b strings.Builder
	tasks := 0
	for i := range p.Stages {
		tasks += int(p.Stages[i].Tasks)
	}
	fmt.Fprintf(&b, "%s: %s, %s, fingerprint %s\n", p.App, plural(len(p.Stages), "stage"), plural(tasks, "task"), p.Fingerprint)
	for i := range p.Stages {
		p.writeStage(&b, &p.Stages[i])
	}
	b.WriteString("\ntopics\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, t := range p.Topics {
		line := fmt.Sprintf("  %s\t%s\t%s", t.Name, t.Role, plural(int(t.Partitions), "partition"))
		if t.Create {
			line += "\tto be created"
		}
		_, _ = fmt.Fprintln(w, line)
	}
	_ = w.Flush() // to memory
	return b.String()
}

func (p *Plan) writeStage(b *strings.Builder, s *Stage) {
	fmt.Fprintf(b, "\nstage %s: %s in %s, group %s\n", s.Name, plural(int(s.Tasks), "task"), plural(s.Containers, "container"), s.Group)
	for _, in := range s.Inputs {
		from := ""
		if in.Repartition() {
			from = ", written by " + plural(int(in.Producers), "task")
		}
		fmt.Fprintf(b, "  reads   %s, %s%s\n", in.Topic, plural(int(in.Partitions), "partition"), from)
	}
	for _, chain := range p.chains(s) {
		fmt.Fprintf(b, "  runs    %s\n", strings.Join(chain, " → "))
	}
	for _, st := range s.Stores {
		fmt.Fprintf(b, "  keeps   %s: %s, changelog %s\n", st.Name, st.Schema, st.Changelog)
	}
	for _, out := range s.Outputs {
		fmt.Fprintf(b, "  writes  %s\n", out.Topic)
	}
}

// chains lists the ways of records through a stage. Each goes on as long as
// there is one way; where it divides or meets others, new ones start with the
// node where they do.
func (p *Plan) chains(s *Stage) [][]string {
	next := func(i int) []int {
		return slices.DeleteFunc(slices.Clone(s.Nodes), func(n int) bool {
			return n == i || !slices.Contains(p.Nodes[n].From, i)
		})
	}
	var chains [][]string
	for _, i := range s.Nodes {
		from, after := p.Nodes[i].From, next(i)
		if len(from) == 1 && !p.Nodes[from[0]].crosses() && len(after) < 2 {
			continue
		}
		if len(after) == 0 {
			chains = append(chains, []string{p.Nodes[i].label()})
		}
		for _, n := range after {
			chain := []string{p.Nodes[i].label()}
			for n >= 0 {
				label := p.Nodes[n].label()
				if p.Nodes[n].SameKey {
					label += " (same key: stays here)"
				}
				chain = append(chain, label)
				if on := next(n); len(on) == 1 && len(p.Nodes[n].From) == 1 {
					n = on[0]
				} else {
					n = -1
				}
			}
			chains = append(chains, chain)
		}
	}
	return chains
}

// label is what a node is called in texts and pictures.
func (n *Node) label() string {
	switch {
	case n.Kind == KindInput:
		return "read " + n.Topic
	case n.Kind == KindOutput:
		return "write " + n.Topic
	case n.Kind == KindRepartition:
		return "partition " + n.Name
	case n.Name != "":
		return string(n.Kind) + " " + n.Name
	}
	return string(n.Kind)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
