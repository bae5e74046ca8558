package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// A remote is a job as it is seen from outside its processes: what this program would
// run on a cluster, and the cluster, whose groups know who runs it.
type remote struct {
	plan   *scheduler.Plan
	system stream.System
	group  stream.Grouper // nil: the log belongs to one process
}

// remote looks at the job on a cluster. The caller closes its system.
func (a *App) remote(ctx context.Context, c console, where kafka.Options, o scheduler.Options) (*remote, error) {
	if _, err := a.Graph(); err != nil {
		return nil, err // before anybody is asked
	}
	system, err := openKafka(ctx, where, newLogger(c))
	if err != nil {
		return nil, err
	}
	r, err := a.remoteOn(ctx, system, o)
	if err != nil {
		return nil, errors.Join(err, system.Close())
	}
	r.group = system
	return r, nil
}

// remoteOn looks at the job on a log.
func (a *App) remoteOn(ctx context.Context, system stream.System, o scheduler.Options) (*remote, error) {
	known, err := a.metadata(ctx, system.Admin())
	if err != nil {
		return nil, err
	}
	plan, err := a.Plan(known, o)
	if err != nil {
		return nil, err
	}
	return &remote{plan: plan, system: system}, nil
}

// visit calls f with the job on the cluster of the flags.
func (k *kafkaFlags) visit(ctx context.Context, a *App, c console, f func(*remote) error) (err error) {
	where, err := k.options()
	if err != nil {
		return err
	}
	if where == nil {
		return errEmbedded
	}
	r, err := a.remote(ctx, c, *where, scheduler.Options{})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, r.system) }()
	return f(r)
}

var errEmbedded = errors.New("there is no -kafka HOST:PORT that says which cluster to ask. A job on the embedded log belongs to one process alone: " +
	"that says at its start where it is asked itself (-http), as in: curl http://HOST:PORT/api/v1/job")

// look looks at a stage's group.
func (r *remote) look(ctx context.Context, stage *scheduler.Stage) (membership.GroupView, error) {
	state, err := r.group.Group(ctx, stage.Group)
	if err != nil {
		return membership.GroupView{}, fmt.Errorf("stage %s: %w", stage.Name, err)
	}
	return membership.ViewGroup(stage, state), nil
}
