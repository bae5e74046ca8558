package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// A Job is the job of this program on a system.
type Job struct {
	Plan    *scheduler.Plan
	History *history.History // of its plans
	System  stream.System
	Group   stream.Grouper // nil: the log belongs to one process
}

// Open plans the job on a cluster. The caller closes its system.
func Open(ctx context.Context, p program.Pipeline, c program.Console, where kafka.Options, o scheduler.Options) (*Job, error) {
	if _, err := p.Graph(); err != nil {
		return nil, err
	}
	system, err := cluster.OpenKafka(ctx, where, c.Logger())
	if err != nil {
		return nil, err
	}
	plan, h, err := PlanOn(ctx, p, system, o)
	if err != nil {
		return nil, errors.Join(err, system.Close())
	}
	return &Job{plan, h, system, system}, nil
}

// PlanOn plans the job for the topics of a system, and for the names under which it keeps
// its state there.
func PlanOn(ctx context.Context, p program.Pipeline, system stream.System, o scheduler.Options) (*scheduler.Plan, *history.History, error) {
	h, err := history.Read(ctx, system, p.App)
	if err != nil {
		return nil, nil, err
	}
	p.KeepAs(h.Renames)
	known, err := p.Metadata(ctx, system.Admin())
	if err != nil {
		return nil, nil, err
	}
	plan, err := p.Plan(known, o)
	return plan, h, err
}

// ErrNoCluster is the error of a command that needs a cluster, without one.
var ErrNoCluster = errors.New("this command needs a Kafka cluster: add -kafka HOST:PORT. A job on the embedded log is a single process; " +
	"it prints the address of its HTTP API (-http) when it starts: curl http://HOST:PORT/api/v1/job")

// Visit calls f with the job on the cluster of the flags.
func Visit(ctx context.Context, p program.Pipeline, c program.Console, k *cluster.KafkaFlags, f func(*Job) error) (err error) {
	where, err := k.Options()
	if err != nil {
		return err
	}
	if where == nil {
		return ErrNoCluster
	}
	j, err := Open(ctx, p, c, *where, scheduler.Options{})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, j.System) }()
	return f(j)
}

// Look returns the members of a stage's group.
func (j *Job) Look(ctx context.Context, stage *scheduler.Stage) (membership.GroupView, error) {
	state, err := j.Group.Group(ctx, stage.Group)
	if err != nil {
		return membership.GroupView{}, fmt.Errorf("stage %s: %w", stage.Name, err)
	}
	return membership.ViewGroup(stage, state), nil
}

// Stage finds a stage by its name; "" is the only one.
func (j *Job) Stage(name string) (*scheduler.Stage, error) {
	switch stages := j.Plan.Stages; {
	case name != "":
		return j.Plan.Stage(name)
	case len(stages) == 1:
		return &stages[0], nil
	default:
		names := make([]string, len(stages))
		for i := range stages {
			names[i] = stages[i].Name
		}
		return nil, fmt.Errorf("there are several stages; name one, as in %s/0: %s", names[0], strings.Join(names, ", "))
	}
}
