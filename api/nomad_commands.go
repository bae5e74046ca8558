package api

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/nomad"
)

// logsCommand shows what the containers of a job on Nomad write.
type logsCommand struct {
	Of     string `arg:"" optional:"" name:"stage|container" help:"Those of a stage, or of one container, as status shows it (default: all)."`
	Follow bool   `short:"f" help:"Go on, also with containers that come, until Ctrl-C."`
	Stdout bool   `help:"Standard output as well, not only standard error."`

	Nomad nomadFlags `embed:""`
}

func (l *logsCommand) Run(ctx context.Context, a *App, c console) error {
	return l.Nomad.visit(ctx, a, c, "", func(j *nomadJob) error {
		var failed error // of standard output
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		err := j.nomad.Logs(ctx, a.name, nomad.Logs{Of: l.Of, Stdout: l.Stdout, Follow: l.Follow, Line: func(container, line string) {
			if _, err := fmt.Fprintf(c.out, "%s %s\n", container, line); err != nil && failed == nil {
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

// scaleCommand gives a stage of a job on Nomad another number of containers.
type scaleCommand struct {
	Stage      string        `arg:"" help:"The stage, as status shows it."`
	Containers int           `arg:"" name:"n" help:"How many containers it is to have. More than it has tasks have nothing to do."`
	TokenFile  string        `name:"token-file" placeholder:"FILE" help:"A file with the job's token. GRETE_TOKEN is the token itself. Without both the job's Nomad Variable is read."`
	Timeout    time.Duration `default:"10m" help:"How long to wait for a deployment that is under way, and until the containers run, or have ended."`

	Nomad nomadFlags `embed:""`
}

func (s *scaleCommand) Run(ctx context.Context, a *App, c console) error {
	return s.Nomad.visit(ctx, a, c, s.TokenFile, func(j *nomadJob) error {
		ctx, cancel := context.WithTimeout(ctx, s.Timeout)
		defer cancel()
		if err := j.nomad.Scale(ctx, a.name, s.Stage, s.Containers, j.watch()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "stage %s has %s\n", s.Stage, plural(s.Containers, "container"))
		return err
	})
}

// stopCommand stops a job on Nomad.
type stopCommand struct {
	Purge     bool          `help:"Have Nomad forget the job, too: its versions, and what its containers have said."`
	TokenFile string        `name:"token-file" placeholder:"FILE" help:"A file with the job's token. GRETE_TOKEN is the token itself. Without both the job's Nomad Variable is read."`
	Timeout   time.Duration `default:"5m" help:"How long to wait until all containers have ended."`

	Nomad nomadFlags `embed:""`
}

func (s *stopCommand) Run(ctx context.Context, a *App, c console) error {
	return s.Nomad.visit(ctx, a, c, s.TokenFile, func(j *nomadJob) error {
		ctx, cancel := context.WithTimeout(ctx, s.Timeout)
		defer cancel()
		if err := j.nomad.Stop(ctx, a.name, s.Purge, j.watch()); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.out, "stopped: all containers have ended; the next submit goes on where the inputs were left")
		return err
	})
}
