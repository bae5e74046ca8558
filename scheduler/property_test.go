package scheduler

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawGraph makes a graph of any shape that package api can record, and a world
// in which it can be planned, or nearly.
func drawGraph(t *rapid.T) (Graph, Metadata) {
	r, m := newApp("app"), exist()
	var streams []int // nodes whose records can be used
	anyOf := func() int { return rapid.SampledFrom(streams).Draw(t, "from") }
	for range rapid.IntRange(1, 3).Draw(t, "inputs") {
		topic := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "topic")
		m.Partitions[topic] = rapid.SampledFrom([]int32{3, 3, 6}).Draw(t, "partitions")
		switch rapid.IntRange(0, 4).Draw(t, "input") {
		case 0:
			streams = append(streams, r.inputs(topic, "d"))
		case 1:
			streams = append(streams, r.matching(fmt.Sprintf("in%d", len(streams)), "[a-"+topic+"]"))
		case 2:
			streams = append(streams, r.broadcastInput(topic))
		default:
			streams = append(streams, r.input(topic))
		}
	}
	m.Partitions["d"] = 3
	global := -1
	if rapid.Bool().Draw(t, "global table") {
		global = r.globalTable("global", "d")
		r.output(r.lookUp(streams[0], global), "looked-up")
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "operators") {
		name := fmt.Sprintf("op%d", i)
		switch rapid.IntRange(0, 10).Draw(t, "operator") {
		case 0:
			p := r.partitionBy(anyOf(), name)
			r.g.Nodes[p].SameKey = rapid.Bool().Draw(t, "same key")
			r.output(p, "seen-"+name) // somebody reads it
			streams = append(streams, p)
		case 1:
			streams = append(streams, r.window(anyOf(), name))
		case 2:
			streams = append(streams, r.table(anyOf(), name))
		case 3:
			streams = append(streams, r.merge(anyOf(), anyOf()))
		case 4:
			r.output(anyOf(), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "topic"))
		case 5:
			streams = append(streams, r.join(name, anyOf(), anyOf()))
		case 6:
			b := r.broadcast(anyOf(), name)
			r.output(b, "seen-"+name)
			streams = append(streams, b)
		case 7:
			if global >= 0 {
				streams = append(streams, r.lookUp(anyOf(), global))
			}
		case 8:
			if from := anyOf(); r.g.Nodes[from].Kind != KindRepartition {
				r.side(from, rapid.SampledFrom([]string{"late", "deadletter"}).Draw(t, "port"), "z")
			}
		default:
			streams = append(streams, r.step(anyOf(), kindMap))
		}
	}
	return r.g, m
}

func drawPlan(t *rapid.T) (Graph, Metadata, Options, *Plan) {
	g, m := drawGraph(t)
	o := Options{Partitions: rapid.Int32Range(0, 5).Draw(t, "partitions"), Containers: rapid.IntRange(0, 6).Draw(t, "containers")}
	p, err := Build(g, m, o)
	if err != nil {
		t.Skip(err) // a stream met its own repartition, or one that is partitioned otherwise
	}
	return g, m, o, p
}

func TestEveryPlanIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, _, _, p := drawPlan(t)
		if err := p.verify(); err != nil {
			t.Fatal(err)
		}
		_, _, _, _ = p.Text(), p.Dot(), p.Mermaid(), p.SVG()
	})
}

// essence is a plan without its nodes and what refers to them.
func essence(p *Plan) string {
	q := *p
	q.Nodes = nil
	q.Stages = slices.Clone(q.Stages)
	for i := range q.Stages {
		s := &q.Stages[i]
		s.Nodes = nil
		s.Inputs, s.Outputs, s.Stores = slices.Clone(s.Inputs), slices.Clone(s.Outputs), slices.Clone(s.Stores)
		for j := range s.Inputs {
			s.Inputs[j].Nodes = nil
		}
		for j := range s.Outputs {
			s.Outputs[j].Node = 0
		}
		for j := range s.Stores {
			s.Stores[j].Node = 0
		}
	}
	b, err := json.MarshalIndent(q, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A stateless operator put anywhere renumbers all nodes after it, and must
// change nothing that outlives the process.
func TestStatelessOperatorsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := drawInsertion(t)
		if a, b := essence(p), essence(q); a != b {
			t.Fatalf("before:\n%s\nafter:\n%s", a, b)
		}
	})
}

// drawInsertion makes a plan, and the same with a stateless operator somewhere.
func drawInsertion(t *rapid.T) (before, after *Plan) {
	g, m, o, p := drawPlan(t)
	to := rapid.IntRange(0, len(g.Nodes)-1).Draw(t, "before")
	if len(g.Nodes[to].From) == 0 || g.Nodes[to].SameKey {
		t.Skip("nothing comes before it")
	}
	q, err := Build(insert(g, to), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, q
}

// insert puts a stateless operator on the first way into a node.
func insert(g Graph, to int) Graph {
	out := Graph{App: g.App}
	moved := func(i int) int {
		if i >= to {
			return i + 1
		}
		return i
	}
	for i, n := range cloneNodes(g.Nodes) {
		for j := range n.From {
			n.From[j].Node = moved(n.From[j].Node)
		}
		if i == to {
			out.Nodes = append(out.Nodes, Node{ID: to, Kind: kindFilter, From: []Edge{{Node: n.From[0].Node, Port: n.From[0].Port}}})
			n.From[0].Node, n.From[0].Port = to, ""
		}
		n.ID = moved(i)
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// The order of recording of operators without a name doesn't matter.
func TestRenumberingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, m, o, p := drawPlan(t)
		q, err := Build(renumber(t, g), m, o)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := essence(p), essence(q); a != b {
			t.Fatalf("before:\n%s\nafter:\n%s", a, b)
		}
	})
}

// renumber moves stateless operators to any place between what they need and
// what needs them. The order of all others stays.
func renumber(t *rapid.T, g Graph) Graph {
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
		late := g.Nodes[i].Kind == kindMap && rapid.Bool().Draw(t, "later")
		if !late {
			place(i)
		}
	}
	for i := range g.Nodes {
		place(i)
	}
	out := Graph{App: g.App}
	for i, old := range order {
		n := cloneNodes(g.Nodes[old : old+1])[0]
		n.ID = i
		for j := range n.From {
			n.From[j].Node = slices.Index(order, n.From[j].Node)
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

func TestEveryTaskIsInOneContainer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.Int32Range(0, 200).Draw(t, "tasks")
		containers := rapid.IntRange(-1, 20).Draw(t, "containers")
		parts := Assign(tasks, containers)
		if len(parts) != max(containers, 1) {
			t.Fatalf("%d containers", len(parts))
		}
		var all []int32
		least, most := len(parts[0]), len(parts[0])
		for _, part := range parts {
			if !slices.IsSorted(part) {
				t.Fatalf("%v", part)
			}
			all = append(all, part...)
			least, most = min(least, len(part)), max(most, len(part))
		}
		slices.Sort(all)
		for i, task := range all {
			if int32(i) != task {
				t.Fatalf("tasks %v", all)
			}
		}
		if len(all) != int(tasks) || most-least > 1 {
			t.Fatalf("%d tasks in parts of %d to %d", len(all), least, most)
		}
	})
}
