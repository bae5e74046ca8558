package api

import (
	"context"
	"os"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/commands"
	"github.com/gretestream/grete/api/internal/program/run"
)

// Main is the whole of a program: it reads the command line, runs the command, prints
// what went wrong, and exits: with code 0 on success or after a clean stop, 1 on failure,
// 2 if the command line is wrong. A second signal exits at once with code 1, without
// committing.
func (a *App) Main() { program.Main(a.Pipeline(), commands.All()...) }

// Run runs the pipeline as the program would without a command line, until ctx is done:
// on the embedded log, or on the cluster that GRETE_KAFKA names.
func (a *App) Run(ctx context.Context) error {
	c := program.Console{App: a.pipeline.App, Out: os.Stdout, Err: os.Stderr}
	c.Config, _ = os.UserConfigDir() // its error says that the environment names none
	return run.Defaults().Run(ctx, a.Pipeline(), c, nil)
}

// Pipeline is what the commands, and the test harnesses of Grete, know about the
// pipeline. Programs call [App.Main] or [App.Run].
func (a *App) Pipeline() program.Pipeline {
	return program.Pipeline{Pipeline: &a.pipeline}
}
