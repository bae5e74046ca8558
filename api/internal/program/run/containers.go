package run

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// containers returns the configuration of each container of a plan.
func (p *process) containers(ctx context.Context, plan *scheduler.Plan, fed []stream.Position, adm *admission) ([]container.Config, error) {
	base := container.Config{
		Program: p.pipeline.Program(), System: p.system, Engine: p.engine,
		Dir: p.data.state(), Positions: p.positions, Memory: p.memory, CommitInterval: p.Commit, RefreshTopics: p.Refresh, Logger: p.log,
		AtLeastOnce: p.kafka != nil && p.AtLeastOnce, Readers: &p.shared.readers, Observer: &observer{console: p.console, log: p.log, admission: adm}, Hold: &p.shared.hold,
	}
	if p.Once {
		if err := records.AwaitEnds(ctx, p.system.Admin(), fed); err != nil {
			return nil, err
		}
		bounds, err := container.Bounds(ctx, p.system.Admin(), plan)
		if err != nil {
			return nil, err
		}
		base.Run, base.Bounds = time.Now().UnixNano(), bounds
		if err := p.sayHeld(ctx, bounds); err != nil {
			return nil, err
		}
	}
	mine := *plan
	mine.Stages = p.stages(plan)
	configs := container.Configs(&mine, base)
	for i := range configs {
		configs[i].Counts = p.registry.Container(configs[i].Stage.Name, configs[i].Index)
		var err error
		if configs[i].Membership, err = p.sharing(plan, configs[i].Index); err != nil {
			return nil, err
		}
	}
	return configs, nil
}

// sharing returns how a container shares its stage; nil if it doesn't.
func (p *process) sharing(plan *scheduler.Plan, index int) (*membership.Config, error) {
	group, ok := p.system.(stream.Grouper)
	if !ok || !p.shares() {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("getting this machine's name: %w", err)
	}
	s := &membership.Config{
		Group: group, Instance: fmt.Sprintf("%s-%d", p.identity, index), Host: host,
		Compatibility: plan.Compatibility(), Recorded: p.isRecorded(plan), SessionTimeout: p.Session, Standbys: p.Standbys,
		Peers: &p.shared.peers, MoveRequests: &p.shared.requests,
	}
	if p.server != nil {
		s.Address, _ = p.server.Advertised()
	}
	return s, nil
}

// isRecorded reports whether a plan may run side by side with the one by which the job ran
// last.
func (j *job) isRecorded(plan *scheduler.Plan) bool {
	return j.last != nil && scheduler.SideBySide(plan.Compatibility(), j.last.Compatibility())
}
