package scheduler

import (
	"fmt"
	"strings"
)

// Kinds of operators, which the scheduler doesn't know.
const (
	kindMap     Kind = "map"
	kindFilter  Kind = "filter"
	kindFlatMap Kind = "flatmap"
	kindPeek    Kind = "peek"
	kindMerge   Kind = "merge"
	kindWindow  Kind = "window"
	kindTable   Kind = "table"
	kindJoin    Kind = "join"
)

// edges leads from the main outputs of some nodes to the only input of another.
func edges(from ...int) []Edge {
	var out []Edge
	for _, n := range from {
		out = append(out, Edge{Node: n})
	}
	return out
}

// A recorder writes graphs as package api does; each call stands for a line of
// main.go.
type recorder struct {
	g Graph
}

func newApp(name string) *recorder { return &recorder{Graph{App: name}} }

func (r *recorder) add(n Node) int {
	n.ID = len(r.g.Nodes)
	n.At = fmt.Sprintf("main.go:%d", n.ID+1)
	r.g.Nodes = append(r.g.Nodes, n)
	return n.ID
}

func (r *recorder) input(topic string) int {
	return r.add(Node{Kind: KindInput, Topic: topic, Value: "json(main." + strings.ToUpper(topic[:1]) + topic[1:] + ")"})
}

func (r *recorder) inputs(topics ...string) int {
	return r.add(Node{Kind: KindInput, Topics: topics, Value: "json(main.V)"})
}

func (r *recorder) matching(name, pattern string) int {
	return r.add(Node{Kind: KindInput, Name: name, Pattern: pattern, Value: "json(main.V)"})
}

func (r *recorder) output(from int, topic string) int {
	return r.add(Node{Kind: KindOutput, Topic: topic, From: edges(from), Key: "string", Value: "json(main.Out)"})
}

func (r *recorder) step(from int, kind Kind) int { return r.add(Node{Kind: kind, From: edges(from)}) }

func (r *recorder) merge(from ...int) int { return r.add(Node{Kind: kindMerge, From: edges(from...)}) }

func (r *recorder) partitionBy(from int, name string) int {
	return r.add(Node{Kind: KindRepartition, Name: name, From: edges(from), Key: "string", Value: "json(main.V)"})
}

func (r *recorder) window(from int, name string) int {
	return r.add(Node{
		Kind: kindWindow, Name: name, From: edges(from),
		Stores: []StoreSpec{{Layout: "windows", Key: "string", Value: "int64"}},
		Params: []Param{{"size", "1m0s", AffectsState}, {"grace", "0s", AffectsResults}},
	})
}

func (r *recorder) table(from int, name string) int {
	return r.add(Node{Kind: kindTable, Name: name, From: edges(from), Stores: []StoreSpec{{Layout: "values", Key: "string", Value: "int64"}}})
}

// join reads two streams, or a stream and a table, at ports of its own.
func (r *recorder) join(name string, left, right int) int {
	return r.add(Node{
		Kind: kindJoin, Name: name, From: []Edge{{Node: left, To: "left"}, {Node: right, To: "right"}},
		Stores: []StoreSpec{{Name: "left", Layout: "entries", Key: "string", Value: "string"}, {Name: "right", Layout: "entries", Key: "string", Value: "int64"}},
		Params: []Param{{"within", "10m0s", AffectsResults}, {"label", "j", AffectsDisplay}},
	})
}

// lookUp reads a stream and looks its records up in a table.
func (r *recorder) lookUp(stream, table int) int {
	return r.add(Node{Kind: kindJoin, From: []Edge{{Node: stream, To: "left"}, {Node: table, To: "table"}}})
}

// side writes what leaves a node at a port to a topic.
func (r *recorder) side(from int, port, topic string) int {
	n := r.output(from, topic)
	r.g.Nodes[n].From[0].Port = port
	return n
}

// broadcast sends a stream to all tasks.
func (r *recorder) broadcast(from int, name string) int {
	n := r.partitionBy(from, name)
	r.g.Nodes[n].Delivery, r.g.Nodes[n].Key = DeliverBroadcast, ""
	return n
}

// broadcastInput reads a topic in all tasks.
func (r *recorder) broadcastInput(topic string) int {
	n := r.input(topic)
	r.g.Nodes[n].Delivery = DeliverBroadcast
	return n
}

func (r *recorder) globalTable(name, topic string) int {
	n := r.input(topic)
	r.g.Nodes[n].Name, r.g.Nodes[n].Delivery, r.g.Nodes[n].Key = name, DeliverGlobal, "string"
	r.g.Nodes[n].Stores = []StoreSpec{{Layout: "values", Key: "string", Value: "json(main.V)"}}
	return n
}

// pageviews is the pipeline of the README.
func pageviews() Graph {
	r := newApp("pageviews")
	n := r.input("page-views")
	n = r.step(n, kindFilter)
	n = r.partitionBy(n, "by-user")
	n = r.window(n, "per-minute")
	r.output(n, "views-per-user")
	return r.g
}

func exist(topics ...any) Metadata {
	m := Metadata{Partitions: map[string]int32{}}
	for i := 0; i < len(topics); i += 2 {
		m.Partitions[topics[i].(string)] = int32(topics[i+1].(int))
	}
	return m
}
