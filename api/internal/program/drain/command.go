// Package drain has the command drain: it stops a running job when nothing is in flight
// between its stages.
package drain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
)

// Commands are those of this package.
type Commands struct {
	Drain Command `cmd:"" help:"Stop a running job on Kafka as soon as nothing is in flight between its stages. It stops reading its inputs, and the next start goes on there."`
}

// A Command drains the job. Its inputs keep their offsets and its stores their state,
// open windows included.
type Command struct {
	Timeout time.Duration `default:"5m" help:"How long to wait; after that the command says what is in flight, and the job goes on."`

	Access access.ClientFlags `embed:""`
	Kafka  cluster.KafkaFlags `embed:"" group:"kafka"`
	// Nomad has the flags of the Nomad cluster; nil in a program without Nomad.
	Nomad NomadCluster `embed:""`
}

// A NomadCluster runs jobs, and restarts processes that exit.
type NomadCluster interface {
	// Attach connects to an app's job. A job on none of its clusters is one whose
	// processes the user has started. What the flags don't say may be read from Nomad.
	Attach(ctx context.Context, c program.Console, flags *access.ClientFlags) (*Attached, error)
}

// An Attached is a job that Nomad may run.
type Attached struct {
	Client *jobclient.Client
	// Stop makes Nomad stop the job; nil if Nomad doesn't run it.
	Stop func(context.Context) error
	// Close releases the client and what else is open.
	Close func()
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) error {
	on, err := k.attach(ctx, c)
	if err != nil {
		return err
	}
	defer on.Close()
	err = remote.Visit(ctx, p, c, &k.Kafka, func(j *remote.Job) error {
		d, err := newDrain(j, on)
		if err != nil {
			return err
		}
		d.terminal, d.say = c.ErrIsTerminal, func(line string) { c.Say("%s", line) }
		ctx, cancel := context.WithTimeout(ctx, k.Timeout)
		defer cancel()
		if err := d.run(ctx); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.Out, "drained: nothing is in flight between stages, and all processes have stopped; the next start goes on at the committed offsets of the inputs")
		return err
	})
	if errors.Is(err, remote.ErrNoCluster) {
		return errEmbedded
	}
	return err
}

// attach connects to the job, on Nomad or wherever its processes are.
func (k *Command) attach(ctx context.Context, c program.Console) (*Attached, error) {
	if k.Nomad != nil {
		return k.Nomad.Attach(ctx, c, &k.Access)
	}
	client, err := k.Access.Open(ctx, c.Config, c.App, nil)
	if err != nil {
		return nil, err
	}
	return &Attached{Client: client, Close: client.Close}, nil
}

var errEmbedded = errors.New("this command needs a Kafka cluster: add -kafka HOST:PORT. A job on the embedded log is a single process: " +
	"a run with -once processes everything and stops; Ctrl-C commits what is finished, and the next start goes on there")
