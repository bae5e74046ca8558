package status

import (
	"context"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/metrics/model"
)

// Commands are those of this package.
type Commands struct {
	Status Command `cmd:"" help:"Show who runs the job on Kafka, and its lag; on Nomad also where it runs, and since when. Only counters of records and of former values need the HTTP API."`
}

// A Command asks Kafka who runs the job, and Nomad if a cluster is named. It works from
// any machine, whatever state the processes are in: one of them is asked only for counters.
type Command struct {
	JSON bool `name:"json" help:"Print JSON."`

	Access access.ClientFlags `embed:""`
	Kafka  cluster.KafkaFlags `embed:"" group:"kafka"`
	// Nomad has the flags of the Nomad cluster; nil in a program without Nomad.
	Nomad NomadCluster `embed:""`
}

// A NomadCluster knows the containers of jobs.
type NomadCluster interface {
	// JobStatus returns the status of an app's job; nil if no cluster is named, or the
	// one that the environment names hasn't the job.
	JobStatus(ctx context.Context, app string) (*Nomad, error)
	// Client returns a client of the job's processes. What the flags don't say may be read
	// from Nomad. The caller calls release.
	Client(ctx context.Context, c program.Console, flags *access.ClientFlags) (_ *jobclient.Client, release func(), err error)
}

// Run runs the command.
func (k *Command) Run(ctx context.Context, p program.Pipeline, c program.Console) (err error) {
	var on *Nomad
	if k.Nomad != nil {
		if on, err = k.Nomad.JobStatus(ctx, p.App); err != nil {
			return err
		}
	}
	client, release, err := k.client(ctx, c)
	if err != nil {
		return err
	}
	defer release()
	return remote.Visit(ctx, p, c, &k.Kafka, func(j *remote.Job) error {
		status, err := Of(ctx, j)
		if err != nil {
			return err
		}
		addCounters(ctx, status, func(ctx context.Context, address string) (*model.Job, error) {
			known := new(model.Job)
			return known, client.Get(ctx, address, "/api/v1/job", known)
		})
		if on != nil {
			addNomad(status, on)
		}
		if k.JSON {
			return c.JSON(status)
		}
		return write(c.Out, status, j.Plan)
	})
}

// client returns a client of the job's processes, on Nomad or wherever they are.
func (k *Command) client(ctx context.Context, c program.Console) (*jobclient.Client, func(), error) {
	if k.Nomad != nil {
		return k.Nomad.Client(ctx, c, &k.Access)
	}
	client, err := k.Access.Open(ctx, c.Config, c.App, nil)
	if err != nil {
		return nil, nil, err
	}
	return client, client.Close, nil
}
