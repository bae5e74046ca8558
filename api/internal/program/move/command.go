// Package move has the command move: it moves a task of a running job to another
// process.
package move

import (
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
)

// Commands are those of this package.
type Commands struct {
	Move Command `cmd:"" help:"Move a task of a running job on Kafka to another process."`
}

// A Command moves a task. The group assigns it, as always: the new owner requests it.
type Command struct {
	Task    string        `arg:"" name:"stage/task" help:"The task, as status shows it: STAGE/NUMBER, or the number alone if there is one stage."`
	To      string        `arg:"" name:"instance-or-host" help:"The new owner: an instance, or a host, which means its instance with the fewest tasks."`
	Timeout time.Duration `default:"1m" help:"How long to wait for the task to move."`

	Access access.ClientFlags `embed:""`
	Kafka  cluster.KafkaFlags `embed:"" group:"kafka"`
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) error {
	client, err := k.Access.Open(ctx, c.Config, p.App, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	return remote.Visit(ctx, p, c, &k.Kafka, func(j *remote.Job) error {
		m, err := newMove(j, k.Task)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, k.Timeout)
		defer cancel()
		done, err := m.run(ctx, client, k.To)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.Out, done)
		return err
	})
}
