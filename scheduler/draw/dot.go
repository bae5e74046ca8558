package draw

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// Dot draws a plan in the language of Graphviz.
func Dot(p *scheduler.Plan) string {
	pic := pictureOf(p)
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotQuote(p.App))
	b.WriteString("  node [fontname=\"Helvetica\" fontsize=11 shape=box style=rounded]\n" +
		"  graph [fontname=\"Helvetica\" fontsize=11 style=rounded color=gray]\n")
	for _, it := range pic.items {
		if it.stage < 0 {
			fmt.Fprintf(&b, "  %s [label=%s shape=cds style=solid]\n", it.id, dotQuote(lines(it)))
		}
	}
	for i, s := range pic.stages {
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s\n", i, dotQuote(s.name+"\n"+strings.Join(s.notes, ", ")))
		for _, n := range s.items {
			fmt.Fprintf(&b, "    %s [label=%s]\n", pic.items[n].id, dotQuote(lines(pic.items[n])))
		}
		b.WriteString("  }\n")
	}
	for _, a := range pic.arrows {
		fmt.Fprintf(&b, "  %s -> %s", pic.items[a.from].id, pic.items[a.to].id)
		if ports := pic.ports[a]; ports != "" {
			fmt.Fprintf(&b, " [label=%s]", dotQuote(ports))
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// lines is an item's text, the note below the label.
func lines(it item) string {
	if it.note == "" {
		return it.label
	}
	return it.label + "\n" + it.note
}

func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
