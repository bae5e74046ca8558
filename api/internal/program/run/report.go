package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// describe says what the job runs on, and where its state is.
func (j *job) describe() {
	if j.kafka == nil {
		dir := j.data.path
		if j.data.temporary {
			dir += ", which is removed at the end"
		}
		j.console.Say("on the embedded log in %s", dir)
	} else {
		j.console.Say("on Kafka at %s, cluster %s: %s", strings.Join(j.kafka.Brokers, ", "), j.system.ID(), describeTopics(j.plan, j.created))
	}
	if j.Stage != "" {
		j.console.Say("runs stage %s only, of %s; other processes run the others", j.Stage, program.Plural(len(j.plan.Stages), "stage"))
	}
	if j.kafka != nil && j.AtLeastOnce {
		j.console.Say("at least once: nothing is lost, but after a failure results may come twice")
	}
	j.console.Say("%s", cluster.DescribeState(j.data.state()))
}

// describeServer says where the HTTP API is.
func (p *process) describeServer() {
	p.console.Say("job at %s/api/v1/job, state at /api/v1/stores/STORE/KEY, metrics and health at /metrics, /healthz, /readyz", p.server.URL())
	if at, guessed := p.server.Advertised(); guessed != "" {
		p.console.Say("others reach this process at %s, %s; to change that, use -advertise HOST:PORT", at, guessed)
	}
}

// describeTopics counts the topics of each kind, and those that are new.
func describeTopics(plan *scheduler.Plan, created int) string {
	roles := make(map[scheduler.Role]int)
	for _, t := range plan.Topics {
		roles[t.Role]++
		if t.Create {
			created++
		}
	}
	text := fmt.Sprintf("reads %s, writes %d, and has %d of its own",
		program.Plural(roles[scheduler.RoleInput], "topic"), roles[scheduler.RoleOutput], roles[scheduler.RoleRepartition]+roles[scheduler.RoleChangelog]+roles[scheduler.RolePlan])
	if created > 0 {
		text += fmt.Sprintf("; %d of them created now", created)
	}
	return text
}

// progress shows a line on the terminal once a second, until ctx is done.
func (p *process) progress(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	before := p.registry.Sample().Totals()
	for {
		select {
		case <-ctx.Done():
			p.screen.show("")
			return nil
		case <-tick.C:
			now := p.registry.Sample().Totals()
			p.screen.show(metrics.Progress(before, now))
			before = now
		}
	}
}

// summarise says at the end of a bounded run what it has done.
func (p *process) summarise() {
	t := p.registry.Sample().Totals()
	p.console.Say("%s processed, %d late, %d skipped", program.Plural(t.Records, "record"), t.Late, t.Skipped)
	if t.Ahead > 0 {
		p.console.Say("%s further ahead of the clock than MaxAhead", program.Plural(t.Ahead, "record"))
	}
	if t.Overtaken > 0 {
		p.console.Say("%s behind the watermark because of a single other one, see the warnings", program.Plural(t.Overtaken, "record"))
	}
}
