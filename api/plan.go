package api

import (
	"errors"
	"slices"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
)

// Plan plans the pipeline for a streaming layer with these topics, or returns
// every mistake in it. Executors and test harnesses use it; programs call [App.Main] or
// [App.Run].
func (a *App) Plan(m scheduler.Metadata, o scheduler.Options) (*scheduler.Plan, error) {
	g, err := a.Graph()
	if err != nil {
		return nil, err
	}
	return scheduler.Build(g, m, o)
}

// Program is what makes the operators of the plan's tasks, for executors and test
// harnesses.
func (a *App) Program() container.Program { return program{a.nodes} }

// serdesOf returns the names of the key's and the value's serde of an input or
// output topic.
func (a *App) serdesOf(kind scheduler.Kind, topic string) (key, value string, err error) {
	i, ok := a.recorded().Reads(topic)
	if kind == scheduler.KindOutput {
		i = slices.IndexFunc(a.nodes, func(n *node) bool { return n.Kind == kind && n.Topic == topic })
		ok = i >= 0
	}
	if !ok {
		return "", "", errors.New("the pipeline has no " + string(kind) + " topic of that name")
	}
	return a.nodes[i].Key, a.nodes[i].Value, nil
}
