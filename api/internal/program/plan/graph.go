package plan

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
)

// A GraphCommand draws the pipeline.
type GraphCommand struct {
	Dot     bool `name:"dot" xor:"format" help:"Print Graphviz's DOT. This is the default."`
	Mermaid bool `name:"mermaid" xor:"format" help:"Print Mermaid, for Markdown pages."`
	SVG     bool `name:"svg" xor:"format" help:"Print an SVG picture."`
	JSON    bool `name:"json" xor:"format" help:"Print the graph as JSON."`
}

// Run runs the command.
func (g *GraphCommand) Run(p program.Pipeline, c program.Console) error {
	plan, err := p.PlanOffline(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	if g.JSON {
		return c.JSON(plan.Graph())
	}
	picture := draw.Dot
	switch {
	case g.Mermaid:
		picture = draw.Mermaid
	case g.SVG:
		picture = draw.SVG
	}
	_, err = fmt.Fprint(c.Out, picture(plan))
	return err
}
