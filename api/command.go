package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gretestream/grete/scheduler"
)

// planCommand shows the plan. It needs no log, and makes nothing: topics that the
// pipeline reads are taken as created with -partitions.
type planCommand struct {
	Containers int   `default:"1" help:"Containers of each stage."`
	Partitions int32 `help:"Partitions of the topics that the job creates (default: 4)."`
	JSON       bool  `name:"json" help:"Show it as JSON."`
}

func (p *planCommand) Run(_ context.Context, a *App, c console) error {
	plan, err := a.planAlone(scheduler.Options{Containers: p.Containers, Partitions: p.Partitions})
	if err != nil {
		return err
	}
	if !p.JSON {
		_, err = fmt.Fprint(c.out, plan.Text())
		return err
	}
	return printJSON(c, plan)
}

// planAlone plans without a streaming layer.
func (a *App) planAlone(o scheduler.Options) (*scheduler.Plan, error) {
	return a.Plan(scheduler.Metadata{Assumed: partitionsOr(o.Partitions)}, o)
}

// graphCommand draws the pipeline.
type graphCommand struct {
	Dot     bool `name:"dot" xor:"format" help:"For Graphviz. The default."`
	Mermaid bool `name:"mermaid" xor:"format" help:"For Markdown pages."`
	SVG     bool `name:"svg" xor:"format" help:"A picture."`
	JSON    bool `name:"json" xor:"format" help:"The graph as data."`
}

func (g *graphCommand) Run(_ context.Context, a *App, c console) error {
	plan, err := a.planAlone(scheduler.Options{})
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(c, plan.Graph())
	}
	draw := plan.Dot
	switch {
	case g.Mermaid:
		draw = plan.Mermaid
	case g.SVG:
		draw = plan.SVG
	}
	_, err = fmt.Fprint(c.out, draw())
	return err
}

func printJSON(c console, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", b)
	return err
}
