package draw

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// Mermaid draws a plan as a diagram for Markdown pages.
func Mermaid(p *scheduler.Plan) string {
	pic := pictureOf(p)
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for _, it := range pic.items {
		if it.stage < 0 {
			fmt.Fprintf(&b, "  %s([%s])\n", it.id, mermaidQuote(lines(it)))
		}
	}
	for i, s := range pic.stages {
		fmt.Fprintf(&b, "  subgraph s%d[%s]\n", i, mermaidQuote(s.name+": "+strings.Join(s.notes, ", ")))
		for _, n := range s.items {
			fmt.Fprintf(&b, "    %s[%s]\n", pic.items[n].id, mermaidQuote(lines(pic.items[n])))
		}
		b.WriteString("  end\n")
	}
	for _, a := range pic.arrows {
		way := "-->"
		if ports := pic.ports[a]; ports != "" {
			way += "|" + mermaidQuote(ports) + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", pic.items[a.from].id, way, pic.items[a.to].id)
	}
	return b.String()
}

// mermaidQuote quotes a text: characters with a meaning become entities.
func mermaidQuote(s string) string {
	return `"` + strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", "<br/>").Replace(s) + `"`
}
