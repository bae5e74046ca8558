// Package reset has the command reset: it makes a job that isn't running start again at
// other offsets.
package reset

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Commands are those of this package.
type Commands struct {
	Reset Command `cmd:"" help:"Make the job, which must not be running, start again at other offsets. The command shows what it is about to do, and asks."`
}

// A Command resets the job.
type Command struct {
	To     string   `placeholder:"WHERE" help:"Where to read the inputs from: oldest, newest, or the first record that isn't older than a time: 2014-03-01T12:00:00Z, or 90m for 90 minutes ago."`
	Offset []string `sep:"none" placeholder:"TOPIC/PARTITION=OFFSET" help:"Offset of one partition; it takes precedence over -to. May be repeated. Without -to, the other partitions keep their offsets."`
	State  string   `default:"clear" enum:"clear,keep" help:"clear: empty the stores, and skip what is in flight between stages. keep: keep both, so that records which are read again are counted again; closed windows may give results again, and if records were in flight between stages, those that are read again may be late."`
	Yes    bool     `help:"Don't ask."`
	Data   string   `placeholder:"DIR" help:"On the embedded log: the job's data directory (default: .grete/<app>)."`

	Kafka cluster.KafkaFlags `embed:"" group:"kafka"`
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) (err error) {
	target, err := k.target(time.Now())
	if err != nil {
		return program.Usage(err)
	}
	if _, err := p.Graph(); err != nil {
		return err
	}
	system, release, err := remote.OpenAny(ctx, c, &k.Kafka, k.Data)
	if err != nil {
		return err
	}
	defer func() { err = release(err) }()
	plan, renames, err := k.plan(ctx, p, system, target.KeepState)
	if err != nil {
		return err
	}
	prepared, err := reset.Prepare(ctx, plan, reset.Config{System: system, Logger: c.Logger()}, target)
	if err != nil {
		return err
	}
	show(c, prepared, target)
	if err := c.Confirm(k.Yes, "Do this? It can't be undone."); err != nil {
		return err
	}
	if err := prepared.Run(ctx); err != nil {
		return err
	}
	if err := history.RecordRenames(ctx, system, p.App, renames); err != nil {
		return fmt.Errorf("the job is reset, but the names of its stores can't be recorded: %w; run the reset again", err)
	}
	if err := history.Record(ctx, system, plan, history.Running()); err != nil {
		return fmt.Errorf("the job is reset, but its plan can't be recorded: %w; run the reset again", err)
	}
	c.Say("done: the next start begins there")
	return nil
}

// plan plans the job, and returns the renames that the plan needs. With the stores kept, the
// plan must fit the last one; without them, a changed plan can lose nothing.
func (k *Command) plan(ctx context.Context, p program.Pipeline, system stream.System, keep bool) (*scheduler.Plan, map[string]string, error) {
	if !keep {
		return planFresh(ctx, p, system)
	}
	plan, h, err := remote.PlanOn(ctx, p, system, scheduler.Options{})
	if err != nil {
		return nil, nil, err
	}
	plan, _, err = h.GoOn(plan, false)
	return plan, h.Renames, err
}
