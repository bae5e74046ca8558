package draw

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// Text describes a plan for people.
func Text(p *scheduler.Plan) string {
	var b strings.Builder
	tasks := 0
	for i := range p.Stages {
		tasks += int(p.Stages[i].Tasks)
	}
	fmt.Fprintf(&b, "%s: %s, %s, fingerprint %s\n", p.App, phrase.Count(len(p.Stages), "stage"), phrase.Count(tasks, "task"), p.Fingerprint)
	for i := range p.Stages {
		writeStage(p, &b, &p.Stages[i])
	}
	b.WriteString("\ntopics\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, t := range p.Topics {
		line := fmt.Sprintf("  %s\t%s\t%s", t.Name, t.Role, phrase.Count(t.Partitions, "partition"))
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

func writeStage(p *scheduler.Plan, b *strings.Builder, s *scheduler.Stage) {
	fmt.Fprintf(b, "\nstage %s: %s in %s, group %s\n", s.Name, phrase.Count(s.Tasks, "task"), phrase.Count(s.Containers, "container"), s.Group)
	for _, in := range s.Inputs {
		if in.Generator() {
			fmt.Fprintf(b, "  reads   generator %s, in task 0%s\n", p.Nodes[in.Nodes[0]].Name, inputText(p, in))
			continue
		}
		fmt.Fprintf(b, "  reads   %s, %s%s\n", in.Topic, phrase.Count(in.Partitions, "partition"), inputText(p, in))
	}
	for _, chain := range (chainer{p, s, true}).chains() {
		fmt.Fprintf(b, "  runs    %s\n", strings.Join(chain, " → "))
	}
	for _, st := range s.Stores {
		fmt.Fprintf(b, "  keeps   %s: %s, changelog %s\n", st.Name, st.Describe(), st.Changelog)
	}
	for _, out := range s.Outputs {
		fmt.Fprintf(b, "  writes  %s\n", out.Topic)
	}
}

// inputText describes an input, beyond its topic and its partitions.
func inputText(p *scheduler.Plan, in scheduler.Input) string {
	var b strings.Builder
	if in.Repartition() {
		b.WriteString(", written by " + phrase.Count(in.Producers, "task"))
	}
	for _, n := range in.Nodes {
		if pattern := p.Nodes[n].Pattern; pattern != "" {
			fmt.Fprintf(&b, ", matches %q", pattern)
		}
	}
	switch {
	case in.Delivery == scheduler.DeliverGlobal:
		b.WriteString(", a global table")
	case in.Delivery == scheduler.DeliverBroadcast && in.Repartition():
		b.WriteString(", each record once for each task")
	case in.Delivery == scheduler.DeliverBroadcast:
		b.WriteString(", all of it in each task")
	}
	if in.Bootstrap {
		b.WriteString(", before the others")
	}
	if in.Priority != 0 {
		fmt.Fprintf(&b, ", priority %d", in.Priority)
	}
	if in.Start != 0 || in.OutOfRange != scheduler.OutOfRangeFail {
		b.WriteString(", " + p.Nodes[in.Nodes[0]].Starts())
	}
	return b.String()
}
