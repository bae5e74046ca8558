package program

import (
	"context"
	"errors"
	"slices"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Pipeline is what the commands of a program, and the test harnesses of Grete,
// know about the user's pipeline.
type Pipeline struct{ *flow.Pipeline }

// defaultPartitions is the number of partitions of an input topic that the job creates.
const defaultPartitions = 4

// PartitionsOr returns n, or the default if n is 0.
func PartitionsOr(n int32) int32 {
	if n == 0 {
		return defaultPartitions
	}
	return n
}

// Plan plans the pipeline for a system with these topics.
func (p Pipeline) Plan(m scheduler.Metadata, o scheduler.Options) (*scheduler.Plan, error) {
	g, err := p.Graph()
	if err != nil {
		return nil, err
	}
	return scheduler.Build(g, m, o)
}

// PlanOffline plans the pipeline without a system. Topics have the partitions that an
// earlier plan has for them; before may be nil.
func (p Pipeline) PlanOffline(o scheduler.Options, before *scheduler.Plan) (*scheduler.Plan, error) {
	m := scheduler.Metadata{Assumed: PartitionsOr(o.Partitions)}
	if before != nil {
		m.Partitions = partitionsOf(before)
	}
	return p.Plan(m, o)
}

// partitionsOf returns the partitions of an earlier plan's topics, without the
// changelogs: if these no longer fit, the verdict on the new plan explains it.
func partitionsOf(p *scheduler.Plan) map[string]int32 {
	partitions := make(map[string]int32)
	for _, t := range p.Topics {
		if t.Role != scheduler.RoleChangelog {
			partitions[t.Name] = t.Partitions
		}
	}
	return partitions
}

// Metadata asks a system for the topics that the plan depends on. It lists all topics
// only if an input has a pattern: a cluster may have very many.
func (p Pipeline) Metadata(ctx context.Context, admin stream.Admin) (scheduler.Metadata, error) {
	g, err := p.Graph()
	if err != nil {
		return scheduler.Metadata{}, err
	}
	names, all := scheduler.Topics(g)
	if all {
		names = nil
	}
	known, err := admin.Partitions(ctx, names...)
	if err != nil {
		return scheduler.Metadata{}, err
	}
	return scheduler.Metadata{Partitions: known}, nil
}

// TopicSerdes returns the names of the serdes of the keys and values of an input or output
// topic. That of keys is empty if the stream isn't keyed.
func (p Pipeline) TopicSerdes(kind scheduler.Kind, topic string) (key, value string, err error) {
	g, err := p.Graph()
	if err != nil {
		return "", "", err
	}
	i, ok := g.Reads(topic)
	if kind == scheduler.KindOutput {
		i = slices.IndexFunc(g.Nodes, func(n scheduler.Node) bool { return n.Kind == kind && n.Topic == topic })
		ok = i >= 0
	}
	if !ok {
		return "", "", errors.New("the pipeline has no " + string(kind) + " topic of that name")
	}
	keyed := &g.Nodes[i]
	for keyed.Key == "" && len(keyed.From) > 0 { // an output has the keys of what leads to it
		keyed = &g.Nodes[keyed.From[0].Node]
	}
	return keyed.Key, g.Nodes[i].Value, nil
}
