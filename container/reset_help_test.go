package container_test

import (
	"context"
	"errors"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// reset has a stage begin anew on a log.
func reset(sys stream.System, cfg container.Config, target container.ResetTarget) error {
	x, err := prepareReset(sys, cfg, target)
	if err != nil {
		return err
	}
	return x.Run(context.Background())
}

func prepareReset(sys stream.System, cfg container.Config, target container.ResetTarget) (*container.Reset, error) {
	plan := &scheduler.Plan{App: cfg.App, Stages: []scheduler.Stage{*cfg.Stage}}
	return container.PrepareReset(context.Background(), plan, container.Config{System: sys, Now: cfg.Now, Memory: cfg.Memory}, target)
}

func start(at int64) container.ResetTarget { return container.ResetTarget{Start: &at} }

var errInterrupted = errors.New("interrupted by the test")

// A failingLog fails at one of the commits of those who use it, before it or
// when it is done.
type failingLog struct {
	stream.System
	left  int // commits that come before
	after bool
}

type failingProducer struct {
	stream.Producer
	log *failingLog
}

func (l *failingLog) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := l.System.OpenProducer(ctx, cfg)
	return failingProducer{p, l}, err
}

func (p failingProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	p.log.left--
	if p.log.left == -1 && !p.log.after {
		return nil, errInterrupted
	}
	ends, err := p.Producer.Commit(ctx, offsets)
	if err == nil && p.log.left == -1 {
		err = errInterrupted
	}
	return ends, err
}

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
