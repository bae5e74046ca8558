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
		if t.Grow {
			line += "\tto get as many"
		}
		_, _ = fmt.Fprintln(w, line)
	}
	_ = w.Flush() // to memory
	return b.String()
}

func (p *Plan) writeStage(b *strings.Builder, s *Stage) {
	fmt.Fprintf(b, "\nstage %s: %s in %s, group %s\n", s.Name, plural(int(s.Tasks), "task"), plural(s.Containers, "container"), s.Group)
	for _, in := range s.Inputs {
		fmt.Fprintf(b, "  reads   %s, %s%s\n", in.Topic, plural(int(in.Partitions), "partition"), p.inputText(in))
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

// inputText says what is special about an input.
func (p *Plan) inputText(in Input) string {
	var b strings.Builder
	if in.Repartition() {
		b.WriteString(", written by " + plural(int(in.Producers), "task"))
	}
	for _, n := range in.Nodes {
		if pattern := p.Nodes[n].Pattern; pattern != "" {
			fmt.Fprintf(&b, ", matches %q", pattern)
		}
	}
	switch {
	case in.Delivery == DeliverGlobal:
		b.WriteString(", a global table")
	case in.Delivery == DeliverBroadcast && in.Repartition():
		b.WriteString(", each record once for each task")
	case in.Delivery == DeliverBroadcast:
		b.WriteString(", all of it in each task")
	}
	if in.Bootstrap {
		b.WriteString(", before the others")
	}
	if in.Priority != 0 {
		fmt.Fprintf(&b, ", priority %d", in.Priority)
	}
	if in.Start != 0 || in.OutOfRange != OutOfRangeFail {
		b.WriteString(", " + p.Nodes[in.Nodes[0]].starts())
	}
	return b.String()
}

// chains lists the ways of records through a stage. Each goes on as long as
// there is one way; where it divides or meets others, new ones start with the
// node where they do.
func (p *Plan) chains(s *Stage) [][]string {
	var chains [][]string
	for _, i := range s.Nodes {
		from, after := p.Graph().upstream(i), p.readers(s, i)
		if len(from) == 1 && !p.Nodes[from[0]].crosses() && len(after) < 2 {
			continue // within a chain
		}
		if len(after) == 0 {
			chains = append(chains, []string{p.inChain(s, i)})
		}
		for _, n := range after {
			chains = append(chains, p.chain(s, i, n))
		}
	}
	return chains
}

// chain is the way from one node over the next to where it ends, divides or
// meets others.
func (p *Plan) chain(s *Stage, first, next int) []string {
	out, in := p.ports(first, next)
	chain := []string{p.inChain(s, first) + out, p.inChain(s, next) + in}
	for {
		on := p.readers(s, next)
		if len(on) != 1 || len(p.Graph().upstream(next)) != 1 {
			return chain
		}
		out, in := p.ports(next, on[0])
		chain[len(chain)-1] += out
		next = on[0]
		chain = append(chain, p.inChain(s, next)+in)
	}
}

// ports names the ports at both ends of the way from one node to another, in
// parentheses; main outputs and only inputs have no name.
func (p *Plan) ports(from, to int) (out, in string) {
	var outs, ins []string
	for _, e := range p.Nodes[to].From {
		if e.Node != from {
			continue
		}
		if e.Port != "" && !slices.Contains(outs, e.Port) {
			outs = append(outs, e.Port)
		}
		if e.To != "" && !slices.Contains(ins, e.To) {
			ins = append(ins, e.To)
		}
	}
	return inParentheses(outs), inParentheses(ins)
}

func inParentheses(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// readers are the nodes of a stage that get a node's records.
func (p *Plan) readers(s *Stage, node int) []int {
	return slices.DeleteFunc(slices.Clone(s.Nodes), func(n int) bool { return !p.Nodes[n].readsFrom(node) })
}

// inChain is a node's label in a chain. Where chains start and end, a node
// without a name has its number.
func (p *Plan) inChain(s *Stage, node int) string {
	n := &p.Nodes[node]
	switch {
	case n.Name == "" && n.Topic == "" && n.Kind != KindInput && (len(p.Graph().upstream(node)) > 1 || len(p.readers(s, node)) > 1):
		return fmt.Sprintf("%s #%d", n.label(), node)
	case n.SameKey:
		return n.label() + " (same key: stays here)"
	}
	return n.label()
}

// label is what a node is called in texts and pictures.
func (n *Node) label() string {
	switch {
	case n.Kind == KindInput && n.Pattern != "":
		return "read " + n.Name
	case n.Kind == KindInput:
		return "read " + strings.Join(n.topics(), ", ")
	case n.Kind == KindOutput:
		return "write " + n.Topic
	case n.Kind == KindRepartition && n.Delivery == DeliverBroadcast:
		return "broadcast " + n.Name
	case n.Kind == KindRepartition:
		return "partition " + n.Name
	case n.Name != "":
		return n.kind() + " " + n.Name
	}
	return n.kind()
}

// kind is what texts call the kind of an operator.
func (n *Node) kind() string {
	if n.Label != "" {
		return n.Label
	}
	return string(n.Kind)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
