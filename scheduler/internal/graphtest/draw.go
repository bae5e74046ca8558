package graphtest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/scheduler"
)

// DrawGraph makes a graph of any shape that package api can record, and a world
// in which it can be planned, or nearly.
func DrawGraph(t *rapid.T) (scheduler.Graph, scheduler.Metadata) {
	r, m := New("app"), Exist()
	var streams []int // nodes whose records can be used
	anyOf := func() int { return rapid.SampledFrom(streams).Draw(t, "from") }
	streams = append(streams, drawInputs(t, r, m)...)
	m.Partitions["d"] = 3
	global := -1
	if rapid.Bool().Draw(t, "global table") {
		global = r.GlobalTable("global", "d")
		r.Output(r.LookUp(streams[0], global), "looked-up")
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "operators") {
		name := fmt.Sprintf("op%d", i)
		switch rapid.IntRange(0, 10).Draw(t, "operator") {
		case 0:
			p := r.PartitionBy(anyOf(), name)
			r.Graph.Nodes[p].SameKey = rapid.Bool().Draw(t, "same key")
			r.Output(p, "seen-"+name) // so that it isn't unused
			streams = append(streams, p)
		case 1:
			streams = append(streams, r.Window(anyOf(), name))
		case 2:
			streams = append(streams, r.Table(anyOf(), name))
		case 3:
			streams = append(streams, r.Merge(anyOf(), anyOf()))
		case 4:
			r.Output(anyOf(), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "topic"))
		case 5:
			streams = append(streams, r.Join(name, anyOf(), anyOf()))
		case 6:
			b := r.Broadcast(anyOf(), name)
			r.Output(b, "seen-"+name)
			streams = append(streams, b)
		case 7:
			if global >= 0 {
				streams = append(streams, r.LookUp(anyOf(), global))
			}
		case 8:
			if from := anyOf(); r.Graph.Nodes[from].Kind != scheduler.KindRepartition {
				r.Side(from, rapid.SampledFrom([]string{"late", "deadletter"}).Draw(t, "port"), "z")
			}
		default:
			streams = append(streams, r.Step(anyOf(), KindMap))
		}
	}
	return r.Graph, m
}

// drawInputs adds inputs of all kinds, whose topics exist.
func drawInputs(t *rapid.T, r *Recorder, m scheduler.Metadata) (streams []int) {
	for range rapid.IntRange(1, 3).Draw(t, "inputs") {
		topic := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "topic")
		m.Partitions[topic] = rapid.SampledFrom([]int32{3, 3, 6}).Draw(t, "partitions")
		switch rapid.IntRange(0, 4).Draw(t, "input") {
		case 0:
			streams = append(streams, r.Inputs(topic, "d"))
		case 1:
			streams = append(streams, r.Matching(fmt.Sprintf("in%d", len(streams)), "[a-"+topic+"]"))
		case 2:
			streams = append(streams, r.BroadcastInput(topic))
		default:
			streams = append(streams, r.Input(topic))
		}
	}
	return streams
}

// DrawPlan draws a graph that can be planned, and its plan.
func DrawPlan(t *rapid.T) (scheduler.Graph, scheduler.Metadata, scheduler.Options, *scheduler.Plan) {
	g, m := DrawGraph(t)
	o := scheduler.Options{Partitions: rapid.Int32Range(0, 5).Draw(t, "partitions"), Containers: rapid.IntRange(0, 6).Draw(t, "containers")}
	p, err := scheduler.Build(g, m, o)
	if err != nil {
		t.Skip(err) // a stream met its own repartition, or one that is partitioned otherwise
	}
	return g, m, o, p
}

// DrawInsertion makes a plan, and the same with a stateless operator somewhere.
func DrawInsertion(t *rapid.T) (before, after *scheduler.Plan) {
	g, m, o, p := DrawPlan(t)
	to := rapid.IntRange(0, len(g.Nodes)-1).Draw(t, "before")
	if len(g.Nodes[to].From) == 0 || g.Nodes[to].SameKey {
		t.Skip("nothing comes before it")
	}
	q, err := scheduler.Build(Insert(g, to), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, q
}

// Insert puts a stateless operator on the first way into a node.
func Insert(g scheduler.Graph, to int) scheduler.Graph {
	out := scheduler.Graph{App: g.App}
	moved := func(i int) int {
		if i >= to {
			return i + 1
		}
		return i
	}
	for i, n := range clone(g.Nodes) {
		for j := range n.From {
			n.From[j].Node = moved(n.From[j].Node)
		}
		if i == to {
			out.Nodes = append(out.Nodes, scheduler.Node{ID: to, Kind: KindFilter, From: []scheduler.Edge{{Node: n.From[0].Node, Port: n.From[0].Port}}})
			n.From[0].Node, n.From[0].Port = to, ""
		}
		n.ID = moved(i)
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// Renumber moves stateless operators to any place between what they need and
// what needs them. The order of all others stays.
func Renumber(t *rapid.T, g scheduler.Graph) scheduler.Graph {
	var order []int
	var place func(i int)
	place = func(i int) {
		if slices.Contains(order, i) {
			return
		}
		for _, e := range g.Nodes[i].From {
			place(e.Node)
		}
		order = append(order, i)
	}
	for i := range g.Nodes {
		late := g.Nodes[i].Kind == KindMap && rapid.Bool().Draw(t, "later")
		if !late {
			place(i)
		}
	}
	for i := range g.Nodes {
		place(i)
	}
	out := scheduler.Graph{App: g.App}
	for i, old := range order {
		n := clone(g.Nodes[old : old+1])[0]
		n.ID = i
		for j := range n.From {
			n.From[j].Node = slices.Index(order, n.From[j].Node)
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// clone copies nodes, and the lists that tests change.
func clone(nodes []scheduler.Node) []scheduler.Node {
	out := slices.Clone(nodes)
	for i := range out {
		n := &out[i]
		n.From, n.Topics, n.Params, n.Stores = slices.Clone(n.From), slices.Clone(n.Topics), slices.Clone(n.Params), slices.Clone(n.Stores)
	}
	return out
}

// Clone copies a graph, and the lists that tests change.
func Clone(g scheduler.Graph) scheduler.Graph {
	return scheduler.Graph{App: g.App, Nodes: clone(g.Nodes)}
}
