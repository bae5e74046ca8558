package status

import (
	"context"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
)

// Commands are those of this package.
type Commands struct {
	Status Command `cmd:"" help:"Show who runs the job on Kafka, and its lag; on Nomad also where it runs, and since when. It needs no HTTP."`
}

// A Command asks Kafka who runs the job, and Nomad if a cluster is named, but no
// process of the job: it works from any machine, whatever state the processes are in.
type Command struct {
	JSON bool `name:"json" help:"Print JSON."`

	Kafka cluster.KafkaFlags `embed:"" group:"kafka"`
	// Nomad has the flags of the Nomad cluster; nil in a program without Nomad.
	Nomad NomadCluster `embed:""`
}

// A NomadCluster knows the containers of jobs.
type NomadCluster interface {
	// JobStatus returns the status of an app's job; nil if no cluster is named, or the
	// one that the environment names hasn't the job.
	JobStatus(ctx context.Context, app string) (*Nomad, error)
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) (err error) {
	var on *Nomad
	if k.Nomad != nil {
		if on, err = k.Nomad.JobStatus(ctx, p.App); err != nil {
			return err
		}
	}
	return remote.Visit(ctx, p, c, &k.Kafka, func(j *remote.Job) error {
		status, err := Of(ctx, j)
		if err != nil {
			return err
		}
		if on != nil {
			addNomad(status, on)
		}
		if k.JSON {
			return c.JSON(status)
		}
		return write(c.Out, status)
	})
}
