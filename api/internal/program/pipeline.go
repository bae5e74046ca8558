package program

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A Pipeline is what a program's commands know about the user's pipeline. Package api
// makes it of an App.
type Pipeline struct {
	// App is the name of the application.
	App string
	// Graph returns the recorded graph, or every mistake in it. Each command calls it
	// before it opens anything, so that mistakes are reported first.
	Graph func() (scheduler.Graph, error)
	// Operators makes the operators of the plan's tasks.
	Operators container.Program
	// Serdes are those of the pipeline's types.
	Serdes *serde.Registry
	// Samples are the inputs that can make records of their own.
	Samples []Sample
}

// A Sample is an input that can make records of its own, with its type erased.
type Sample struct {
	Topic string
	// Values yields encoded values whose event time is later than after, in ms since
	// 1970.
	Values func(after int64) iter.Seq2[[]byte, error]
	// TimeOf returns the event time of a record of the topic.
	TimeOf func(*stream.Record) (int64, error)
}

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
// topic.
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
	return g.Nodes[i].Key, g.Nodes[i].Value, nil
}
