package container_test

import (
	"context"
	"errors"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// runReset resets a stage on a log.
func runReset(sys stream.System, cfg container.Config, target reset.Target) error {
	x, err := prepareReset(sys, cfg, target)
	if err != nil {
		return err
	}
	return x.Run(context.Background())
}

func prepareReset(sys stream.System, cfg container.Config, target reset.Target) (*reset.Reset, error) {
	plan := &scheduler.Plan{App: cfg.App, Stages: []scheduler.Stage{*cfg.Stage}}
	return reset.Prepare(context.Background(), plan, reset.Config{System: sys, Now: cfg.Now, Memory: recovery.Memory(cfg.Memory)}, target)
}

func start(at int64) reset.Target { return reset.Target{Start: &at} }

// A crowded log has groups with members, from some look on.
type crowded struct {
	stream.System
	looks, from int
}

func (*crowded) Join(context.Context, stream.GroupConfig) (stream.Membership, error) {
	return nil, errors.ErrUnsupported
}

func (c *crowded) Group(context.Context, string) (stream.GroupState, error) {
	c.looks++
	if c.looks < c.from {
		return stream.GroupState{State: stream.GroupIsEmpty}, nil
	}
	return stream.GroupState{Members: []stream.MemberState{{ID: "m-1", Host: "/10.0.0.7"}}}, nil
}
