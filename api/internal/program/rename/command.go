// Package rename has the command rename: an operator with state gets another name, and keeps
// its state.
package rename

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Commands are those of this package.
type Commands struct {
	Rename Command `cmd:"" help:"Let an operator that this program has under a new name go on with its state. The job must not be running."`
}

// A Command renames an operator.
type Command struct {
	Old  string `arg:"" help:"Name of the operator in the version of the program that ran last."`
	New  string `arg:"" help:"Name of the operator in this version."`
	Data string `placeholder:"DIR" help:"On the embedded log: the job's data directory (default: .grete/<app>)."`

	Kafka cluster.KafkaFlags `embed:"" group:"kafka"`
}

// Help is printed before the flags.
func (*Command) Help() string {
	return `State is found by the name of its operator. rename records that the operator NEW of this program goes on with the state of OLD; nothing is copied. ` +
		`Run it with the new version of the program while the job is stopped, then start the new version. To undo it, run rename NEW OLD with the former version.

A PartitionBy, or an input with a pattern, can't be renamed: its stage, its topic and its group have its name.`
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) (err error) {
	g, err := p.Graph()
	if err != nil {
		return err
	}
	system, release, err := remote.OpenAny(ctx, c, &k.Kafka, k.Data)
	if err != nil {
		return err
	}
	defer func() { err = release(err) }()
	h, err := history.Read(ctx, system, p.App)
	if err != nil {
		return err
	}
	last, err := h.Last()
	if err != nil {
		return err
	}
	if last == nil {
		return errors.New("the job has never run here, so it has no state; start it")
	}
	renames, err := k.renames(h, last, g)
	if err != nil {
		return err
	}
	plan, err := k.plan(ctx, p, system, last, renames)
	if err != nil {
		return err
	}
	if err := record(ctx, system, p.App, renames, h.Renames, last, plan); err != nil {
		return err
	}
	c.Say("operator %s goes on with the state of %s; start this version. To undo it: rename %[1]s %[2]s, with the former version", k.New, k.Old)
	return nil
}

// renames returns the renames of the job with this one. A rename that no version has run by
// is undone without more ado.
func (k *Command) renames(h *history.History, last *scheduler.Plan, now scheduler.Graph) (map[string]string, error) {
	if h.Renames[k.Old] == k.New && find(last.Nodes, k.Old) == nil {
		renames := maps.Clone(h.Renames)
		delete(renames, k.Old)
		return renames, nil
	}
	operator, err := k.check(last, now)
	if err != nil {
		return nil, err
	}
	return h.Rename(operator, k.New), nil
}

// plan plans the job with the new names, and refuses a rename that doesn't help.
func (k *Command) plan(ctx context.Context, p program.Pipeline, system stream.System, last *scheduler.Plan, renames map[string]string) (*scheduler.Plan, error) {
	p.KeepAs(renames)
	known, err := p.Metadata(ctx, system.Admin())
	if err != nil {
		return nil, err
	}
	plan, err := p.Plan(known, scheduler.Options{})
	if err != nil {
		return nil, err
	}
	return plan, k.checkStores(last, plan)
}

// record records the renames while no process runs. One that starts at the same moment has
// read the former ones or these; it is found by the second check.
func record(ctx context.Context, system stream.System, app string, renames, former map[string]string, plans ...*scheduler.Plan) error {
	if err := remote.CheckStopped(ctx, system, plans...); err != nil {
		return err
	}
	if err := history.RecordRenames(ctx, system, app, renames); err != nil {
		return fmt.Errorf("recording the new name: %w; run rename again", err)
	}
	if err := remote.CheckStopped(ctx, system, plans...); err != nil {
		return errors.Join(fmt.Errorf("nothing was renamed: %w", err), history.RecordRenames(context.WithoutCancel(ctx), system, app, former))
	}
	return nil
}
