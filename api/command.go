package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
)

// planCommand shows the plan, and makes nothing. With a cluster it is the plan for
// the topics that are there; without, topics that the pipeline reads are taken as
// created with -partitions.
type planCommand struct {
	Containers int    `default:"1" help:"Containers of each stage."`
	Partitions int32  `placeholder:"N" help:"Partitions of the topics that the job creates (default: as many as its input has, and 4 of an input that it makes)."`
	JSON       bool   `name:"json" help:"Show it as JSON."`
	Against    string `placeholder:"FILE" help:"Say what becomes of the job whose plan -json has written FILE when this program takes over from it: whether both may run side by side, one after the other, or not at all (exit code 1). On Kafka that is said of the job that runs, or ran last, without it."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
}

func (p *planCommand) Run(ctx context.Context, a *App, c console) error {
	before, err := p.before()
	if err != nil {
		return err
	}
	plan, before, err := p.plan(ctx, a, c, before)
	if err != nil {
		return err
	}
	if before != nil {
		return compared(c, p.JSON, before, plan)
	}
	if !p.JSON {
		_, err = fmt.Fprint(c.out, draw.Text(plan))
		return err
	}
	return printJSON(c, plan)
}

// before is the plan to compare with that -against names, nil if it names none.
func (p *planCommand) before() (*scheduler.Plan, error) {
	if p.Against == "" {
		return nil, nil
	}
	return readPlan(p.Against)
}

// plan makes the plan, and returns the one to compare it with, nil if there is none.
func (p *planCommand) plan(ctx context.Context, a *App, c console, before *scheduler.Plan) (plan, _ *scheduler.Plan, err error) {
	o := scheduler.Options{Containers: p.Containers, Partitions: p.Partitions}
	where, err := p.Kafka.options()
	if err != nil {
		return nil, nil, err
	}
	if where == nil {
		plan, err = a.planAlone(o, before)
		return plan, before, err
	}
	r, err := a.remote(ctx, c, *where, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = closing(err, r.system) }()
	if before == nil {
		before, err = recorded(ctx, r.system, r.plan)
	}
	return r.plan, before, err
}

// planAlone plans without a streaming layer. Topics that an earlier plan knows are
// taken to be as they were; before may be nil.
func (a *App) planAlone(o scheduler.Options, before *scheduler.Plan) (*scheduler.Plan, error) {
	m := scheduler.Metadata{Assumed: partitionsOr(o.Partitions)}
	if before != nil {
		m.Partitions = asBefore(before)
	}
	return a.Plan(m, o)
}

// graphCommand draws the pipeline.
type graphCommand struct {
	Dot     bool `name:"dot" xor:"format" help:"For Graphviz. The default."`
	Mermaid bool `name:"mermaid" xor:"format" help:"For Markdown pages."`
	SVG     bool `name:"svg" xor:"format" help:"A picture."`
	JSON    bool `name:"json" xor:"format" help:"The graph as data."`
}

func (g *graphCommand) Run(_ context.Context, a *App, c console) error {
	plan, err := a.planAlone(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(c, plan.Graph())
	}
	picture := draw.Dot
	switch {
	case g.Mermaid:
		picture = draw.Mermaid
	case g.SVG:
		picture = draw.SVG
	}
	_, err = fmt.Fprint(c.out, picture(plan))
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
