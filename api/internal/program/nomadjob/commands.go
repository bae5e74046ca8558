package nomadjob

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/nomad"
)

// Commands are those of this package.
type Commands struct {
	Logs  LogsCommand  `cmd:"" help:"Show the logs of the job's containers on Nomad."`
	Scale ScaleCommand `cmd:"" help:"Change the number of containers of a stage on Nomad."`
	Stop  StopCommand  `cmd:"" help:"Stop the job on Nomad. Finished work is committed, and the next submit goes on from there."`
}

// A LogsCommand shows the logs of the job's containers.
type LogsCommand struct {
	Of     string `arg:"" optional:"" name:"stage|container" help:"A stage, or a container as status shows it (default: all)."`
	Follow bool   `short:"f" help:"Follow the logs, those of new containers included, until Ctrl-C."`
	Stdout bool   `help:"Show standard output, too, not only standard error."`

	Nomad Flags `embed:""`
}

// Run runs the command.
func (k *LogsCommand) Run(ctx context.Context, c program.Console) error {
	return k.Nomad.visit(ctx, c, &access.ClientFlags{}, func(j *Job) error {
		var failed error // of standard output
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		err := j.nomad.Logs(ctx, j.app, nomad.Logs{Of: k.Of, Stdout: k.Stdout, Follow: k.Follow, Line: func(container, line string) {
			if _, err := fmt.Fprintf(c.Out, "%s %s\n", container, line); err != nil && failed == nil {
				failed = err
				cancel()
			}
		}})
		if failed != nil {
			return failed
		}
		return err
	})
}

// A ScaleCommand changes the number of containers of a stage.
type ScaleCommand struct {
	Stage      string        `arg:"" help:"The stage, as status shows it."`
	Containers int           `arg:"" name:"n" help:"Number of containers. More than the stage has tasks are idle."`
	Timeout    time.Duration `default:"10m" help:"How long to wait for a deployment in progress, and for the containers to run or to stop."`

	Access access.ClientFlags `embed:""`
	Nomad  Flags              `embed:""`
}

// Run runs the command.
func (k *ScaleCommand) Run(ctx context.Context, c program.Console) error {
	return k.Nomad.visit(ctx, c, &k.Access, func(j *Job) error {
		ctx, cancel := context.WithTimeout(ctx, k.Timeout)
		defer cancel()
		if err := j.nomad.Scale(ctx, j.app, k.Stage, k.Containers, j.watch()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.Out, "stage %s has %s\n", k.Stage, program.Plural(k.Containers, "container"))
		return err
	})
}

// A StopCommand stops the job.
type StopCommand struct {
	Purge   bool          `help:"Remove the job from Nomad, with its versions and logs."`
	Timeout time.Duration `default:"5m" help:"How long to wait for all containers to stop."`

	Access access.ClientFlags `embed:""`
	Nomad  Flags              `embed:""`
}

// Run runs the command.
func (k *StopCommand) Run(ctx context.Context, c program.Console) error {
	return k.Nomad.visit(ctx, c, &k.Access, func(j *Job) error {
		ctx, cancel := context.WithTimeout(ctx, k.Timeout)
		defer cancel()
		if err := j.stop(ctx, k.Purge); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.Out, "stopped: all containers have exited; the next submit goes on at the committed offsets of the inputs")
		return err
	})
}
