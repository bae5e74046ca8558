// Package rollback has the command rollback: it judges the way back to an earlier version of
// the job, and takes it on Nomad.
package rollback

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/drain"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/scheduler/compare"
)

// Commands are those of this package.
type Commands struct {
	Rollback Command `cmd:"" help:"Go back to an earlier version of the job, with its state and offsets. On Kafka the command says whether that works, and which program to start; on Nomad it reverts the job."`
}

// A Command goes back to an earlier version.
type Command struct {
	To      int           `placeholder:"N" help:"Number of the plan to go back to (default: the one before the last). -list shows them."`
	List    bool          `help:"List the recorded plans, the newest first, and do nothing."`
	Yes     bool          `help:"Don't ask."`
	Timeout time.Duration `default:"5m" help:"How long to wait for a job on Nomad that must be drained or stopped first."`
	Data    string        `placeholder:"DIR" help:"On the embedded log: the job's data directory (default: .grete/<app>)."`

	Access access.ClientFlags `embed:""`
	Kafka  cluster.KafkaFlags `embed:"" group:"kafka"`
	// Nomad has the flags of the Nomad cluster; nil in a program without Nomad.
	Nomad NomadCluster `embed:""`
}

// A NomadCluster runs jobs, and keeps their former versions.
type NomadCluster interface {
	drain.NomadCluster
	// FindVersion finds the version of an app's job that runs the program with this SHA-256;
	// nil if no cluster has the job.
	FindVersion(ctx context.Context, c program.Console, flags *access.ClientFlags, sha256 string) (*Version, error)
}

// A Version is one of a job on Nomad.
type Version struct {
	Number uint64
	// Stop stops the running version.
	Stop func(context.Context) error
	// Revert makes Nomad run this version.
	Revert func(context.Context) error
	// Close releases the client.
	Close func()
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) error {
	back, err := k.judge(ctx, p, c)
	if err != nil || back == nil {
		return err
	}
	if k.Nomad != nil {
		on, err := k.Nomad.FindVersion(ctx, c, &k.Access, back.to.Program.SHA256)
		if err != nil {
			return err
		}
		if on != nil {
			defer on.Close()
			return k.revert(ctx, p, c, back, on)
		}
	}
	_, err = fmt.Fprintf(c.Out, "%s\n", back.instruction())
	return err
}

// judge compares the version to go back to with the last one. It returns nil if the command
// only lists the versions.
func (k *Command) judge(ctx context.Context, p program.Pipeline, c program.Console) (_ *wayBack, err error) {
	system, release, err := remote.OpenAny(ctx, c, &k.Kafka, k.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = release(err) }()
	h, err := history.Read(ctx, system, p.App)
	if err != nil {
		return nil, err
	}
	if k.List {
		return nil, list(c, h)
	}
	back, err := find(ctx, system, h, k.To)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c.Err, "back to plan %d: %s\n%s\n", back.to.Number, back.to.Program, back.verdict.Text()); err != nil {
		return nil, err
	}
	if back.verdict.Kind == compare.Incompatible {
		return nil, fmt.Errorf("plan %d: %w. To start that version without state, run its command reset", back.to.Number, history.ErrRefused)
	}
	return back, nil
}

// revert stops the job on Nomad, if the verdict says so, and reverts it.
func (k *Command) revert(ctx context.Context, p program.Pipeline, c program.Console, back *wayBack, on *Version) error {
	stops := back.verdict.Kind == compare.Restart
	question := fmt.Sprintf("Nomad reverts the job to version %d, one container at a time. Do this?", on.Number)
	switch {
	case len(back.verdict.Drain) > 0:
		question = fmt.Sprintf("The job is drained and stopped, then Nomad reverts it to version %d. Do this?", on.Number)
	case stops:
		question = fmt.Sprintf("All containers of the running version are stopped, then Nomad reverts the job to version %d. Do this?", on.Number)
	}
	if err := c.Confirm(k.Yes, question); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	var err error
	if len(back.verdict.Drain) > 0 {
		d := drain.Command{Access: k.Access, Timeout: k.Timeout, Kafka: k.Kafka, Nomad: k.Nomad}
		err = d.Run(ctx, p, c)
	} else if stops {
		err = on.Stop(ctx)
	}
	if err != nil {
		return fmt.Errorf("the job wasn't reverted: %w", err)
	}
	if err := on.Revert(ctx); err != nil {
		return err
	}
	c.Say("Nomad runs version %d again, as its newest version; follow it with status", on.Number)
	return nil
}
