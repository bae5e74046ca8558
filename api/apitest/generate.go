package apitest

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Generate lets a generator of the pipeline yield its next n values, or as many as it has.
// Without it, generators yield nothing.
func (x *Test) Generate(name string, n int64) {
	x.t.Helper()
	var names []string
	for i := range x.plan.Nodes {
		if g := &x.plan.Nodes[i]; g.Kind == scheduler.KindGenerator {
			names = append(names, g.Name)
		}
	}
	if !slices.Contains(names, name) {
		x.t.Fatalf("no generator %s; there are: %q", name, names)
	}
	x.limit.Allow(name, n)
}

// boundGenerators makes the values that generators may yield by now their last ones.
func (x *Test) boundGenerators(bounds map[stream.TopicPartition]int64) {
	for i := range x.plan.Nodes {
		if g := &x.plan.Nodes[i]; g.Kind == scheduler.KindGenerator {
			bounds[stream.TopicPartition{Topic: g.ReadTopics()[0]}] = x.limit.Allowed(g.Name)
		}
	}
}
