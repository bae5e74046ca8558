package graphtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
)

// Kinds of operators, which the scheduler doesn't know.
const (
	KindMap     scheduler.Kind = "map"
	KindFilter  scheduler.Kind = "filter"
	KindFlatMap scheduler.Kind = "flatmap"
	KindPeek    scheduler.Kind = "peek"
	KindMerge   scheduler.Kind = "merge"
	KindWindow  scheduler.Kind = "window"
	KindTable   scheduler.Kind = "table"
	KindJoin    scheduler.Kind = "join"
)

// Edges leads from the main outputs of some nodes to the only input of another.
func Edges(from ...int) []scheduler.Edge {
	var out []scheduler.Edge
	for _, n := range from {
		out = append(out, scheduler.Edge{Node: n})
	}
	return out
}

// A Recorder writes graphs as package api does; each call stands for a line of
// main.go.
type Recorder struct{ scheduler.Graph }

// New begins the graph of an app.
func New(app string) *Recorder { return &Recorder{scheduler.Graph{App: app}} }

// Add adds a node.
func (r *Recorder) Add(n scheduler.Node) int {
	n.ID = len(r.Graph.Nodes)
	n.At = fmt.Sprintf("main.go:%d", n.ID+1)
	r.Graph.Nodes = append(r.Graph.Nodes, n)
	return n.ID
}

// Input reads a topic.
func (r *Recorder) Input(topic string) int {
	return r.Add(scheduler.Node{Kind: scheduler.KindInput, Topic: topic, Value: "json(main." + strings.ToUpper(topic[:1]) + topic[1:] + ")"})
}

// Inputs reads several topics as one stream.
func (r *Recorder) Inputs(topics ...string) int {
	return r.Add(scheduler.Node{Kind: scheduler.KindInput, Topics: topics, Value: "json(main.V)"})
}

// Matching reads the topics that match a pattern.
func (r *Recorder) Matching(name, pattern string) int {
	return r.Add(scheduler.Node{Kind: scheduler.KindInput, Name: name, Pattern: pattern, Value: "json(main.V)"})
}

// Output writes a topic.
func (r *Recorder) Output(from int, topic string) int {
	return r.Add(scheduler.Node{Kind: scheduler.KindOutput, Topic: topic, From: Edges(from), Key: "string", Value: "json(main.Out)"})
}

// Step adds an operator without state.
func (r *Recorder) Step(from int, kind scheduler.Kind) int {
	return r.Add(scheduler.Node{Kind: kind, From: Edges(from)})
}

// Merge merges streams.
func (r *Recorder) Merge(from ...int) int {
	return r.Add(scheduler.Node{Kind: KindMerge, From: Edges(from...)})
}

// PartitionBy adds a repartition.
func (r *Recorder) PartitionBy(from int, name string) int {
	return r.Add(scheduler.Node{Kind: scheduler.KindRepartition, Name: name, From: Edges(from), Key: "string", Value: "json(main.V)"})
}

// Window adds an operator with a store of windows.
func (r *Recorder) Window(from int, name string) int {
	return r.Add(scheduler.Node{
		Kind: KindWindow, Name: name, From: Edges(from),
		Stores: []scheduler.StoreSpec{{Layout: "windows", Key: "string", Value: "int64"}},
		Params: []scheduler.Param{{Name: "size", Value: "1m0s", Affects: scheduler.AffectsState}, {Name: "grace", Value: "0s", Affects: scheduler.AffectsResults}},
	})
}

// Table adds an operator with a store of values.
func (r *Recorder) Table(from int, name string) int {
	return r.Add(scheduler.Node{Kind: KindTable, Name: name, From: Edges(from), Stores: []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: "int64"}}})
}

// Join reads two streams, or a stream and a table, at ports of its own.
func (r *Recorder) Join(name string, left, right int) int {
	return r.Add(scheduler.Node{
		Kind: KindJoin, Name: name, From: []scheduler.Edge{{Node: left, To: "left"}, {Node: right, To: "right"}},
		Stores: []scheduler.StoreSpec{{Name: "left", Layout: "entries", Key: "string", Value: "string"}, {Name: "right", Layout: "entries", Key: "string", Value: "int64"}},
		Params: []scheduler.Param{{Name: "within", Value: "10m0s", Affects: scheduler.AffectsResults}, {Name: "label", Value: "j", Affects: scheduler.AffectsDisplay}},
	})
}

// LookUp reads a stream and looks its records up in a table.
func (r *Recorder) LookUp(stream, table int) int {
	return r.Add(scheduler.Node{Kind: KindJoin, From: []scheduler.Edge{{Node: stream, To: "left"}, {Node: table, To: "table"}}})
}

// Side writes what leaves a node at a port to a topic.
func (r *Recorder) Side(from int, port, topic string) int {
	n := r.Output(from, topic)
	r.Graph.Nodes[n].From[0].Port = port
	return n
}

// Broadcast sends a stream to all tasks.
func (r *Recorder) Broadcast(from int, name string) int {
	n := r.PartitionBy(from, name)
	r.Graph.Nodes[n].Delivery, r.Graph.Nodes[n].Key = scheduler.DeliverBroadcast, ""
	return n
}

// BroadcastInput reads a topic in all tasks.
func (r *Recorder) BroadcastInput(topic string) int {
	n := r.Input(topic)
	r.Graph.Nodes[n].Delivery = scheduler.DeliverBroadcast
	return n
}

// GlobalTable reads a topic as a global table.
func (r *Recorder) GlobalTable(name, topic string) int {
	n := r.Input(topic)
	r.Graph.Nodes[n].Name, r.Graph.Nodes[n].Delivery, r.Graph.Nodes[n].Key = name, scheduler.DeliverGlobal, "string"
	r.Graph.Nodes[n].Stores = []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: "json(main.V)"}}
	return n
}

// Pageviews is the pipeline of the README.
func Pageviews() scheduler.Graph {
	r := New("pageviews")
	n := r.Input("page-views")
	n = r.Step(n, KindFilter)
	n = r.PartitionBy(n, "by-user")
	n = r.Window(n, "per-minute")
	r.Output(n, "views-per-user")
	return r.Graph
}

// Exist describes a world in which topics exist: each name is followed by its number
// of partitions.
func Exist(topics ...any) scheduler.Metadata {
	m := scheduler.Metadata{Partitions: map[string]int32{}}
	for i := 0; i < len(topics); i += 2 {
		m.Partitions[topics[i].(string)] = int32(topics[i+1].(int))
	}
	return m
}

// StageNames are the names of the plan's stages, in order.
func StageNames(p *scheduler.Plan) []string {
	var names []string
	for _, s := range p.Stages {
		names = append(names, s.Name)
	}
	return names
}

// MustBuild makes a plan that can be made.
func MustBuild(t *testing.T, g scheduler.Graph, m scheduler.Metadata, o scheduler.Options) *scheduler.Plan {
	t.Helper()
	p, err := scheduler.Build(g, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
