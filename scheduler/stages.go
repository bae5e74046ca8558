package scheduler

import (
	"maps"
	"slices"
	"strings"

	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// describeStages makes a stage of each list of nodes: its name, inputs, outputs and
// stores. Numbers of partitions and tasks come later.
func describeStages(g Graph, cut [][]int) []Stage {
	stages := make([]Stage, len(cut))
	for i, nodes := range cut {
		stages[i] = Stage{
			Nodes:   nodes,
			Inputs:  inputsOf(g, nodes),
			Outputs: outputsOf(g, nodes),
			Stores:  storesOf(g, nodes),
		}
	}
	for i, name := range nameStages(g, stages) {
		stages[i].Name, stages[i].Group = name, groupName(g.App, name)
		if len(stages[i].Stores) == 0 {
			stages[i].MetaTopic = metaTopic(g.App, name)
		}
	}
	return stages
}

// nameStages names each stage after the first repartition that feeds it, else
// after its first input: the name of the input with a pattern or of the generator, or the
// first topic. "-input" is appended to a topic whose name is that of a repartition, a
// generator or an input with a pattern. These names differ from each other, and no topic
// names two stages, because such stages are united.
func nameStages(g Graph, stages []Stage) []string {
	names := make([]string, len(stages))
	taken := map[string]bool{}
	for i := range g.Nodes {
		if g.Nodes[i].named() {
			taken[g.Nodes[i].Name] = true
		}
	}
	for i := range stages {
		in := namingInput(g, stages[i].Inputs)
		first := &g.Nodes[in.Nodes[0]]
		if first.named() {
			names[i] = first.Name
			continue
		}
		names[i] = in.Topic
		for taken[names[i]] {
			names[i] += "-input"
		}
		taken[names[i]] = true
	}
	return names
}

// named reports whether a stage is called by the name of the node.
func (n *Node) named() bool { return n.Crosses() || n.Pattern != "" || n.Kind == KindGenerator }

// namingInput is the input that a stage is named after. A generator names a stage that
// reads no partitions, and a broadcast one that reads nothing else.
func namingInput(g Graph, inputs []Input) Input {
	for _, delivery := range []Delivery{DeliverPartition, DeliverGenerator, DeliverBroadcast} {
		for _, repartition := range []bool{true, false} {
			i := slices.IndexFunc(inputs, func(in Input) bool {
				return in.Delivery == delivery && g.Nodes[in.Nodes[0]].Crosses() == repartition
			})
			if i >= 0 {
				return inputs[i]
			}
		}
	}
	return inputs[0] // a damaged graph
}

// inputsOf lists the topics that nodes read, in the order in which the nodes
// that feed them were recorded.
func inputsOf(g Graph, nodes []int) []Input {
	var sources []int
	for _, i := range nodes {
		if g.Nodes[i].isSource() {
			sources = append(sources, i)
		}
		for _, e := range g.Nodes[i].From {
			if from := &g.Nodes[e.Node]; (from.Crosses() || from.Global()) && !slices.Contains(sources, e.Node) {
				sources = append(sources, e.Node)
			}
		}
	}
	slices.Sort(sources)
	var inputs []Input
	for _, s := range sources {
		for _, topic := range topicsOf(g, s) {
			n := &g.Nodes[s]
			at := slices.IndexFunc(inputs, func(in Input) bool {
				return in.Topic == topic && in.Delivery == n.Delivery && g.Nodes[in.Nodes[0]].Kind == n.Kind
			})
			if at < 0 {
				at = len(inputs)
				inputs = append(inputs, Input{Topic: topic, Delivery: n.Delivery, Start: n.Start, OutOfRange: n.OutOfRange, Priority: n.Priority})
			}
			in := &inputs[at]
			in.Nodes = append(in.Nodes, s)
			in.Bootstrap, in.Priority = in.Bootstrap || n.Bootstrap, max(in.Priority, n.Priority)
		}
	}
	markJoined(g, nodes, inputs)
	return inputs
}

// topicsOf lists the topics of an input, or the one of an output or repartition.
func topicsOf(g Graph, node int) []string {
	if n := &g.Nodes[node]; n.Kind != KindRepartition {
		return n.ReadTopics()
	}
	return []string{g.OutputTopic(node)}
}

// OutputTopic is the topic that an output or a repartition writes.
func (g Graph) OutputTopic(node int) string {
	if n := &g.Nodes[node]; n.Kind != KindRepartition {
		return n.Topic
	}
	return repartitionTopic(g.App, g.Nodes[node].Name)
}

func outputsOf(g Graph, nodes []int) []Output {
	var outputs []Output
	for _, i := range nodes {
		if n := &g.Nodes[i]; n.Kind == KindOutput || n.Crosses() {
			outputs = append(outputs, Output{Topic: g.OutputTopic(i), Node: i, Repartition: n.Crosses()})
		}
	}
	return outputs
}

func storesOf(g Graph, nodes []int) []Store {
	var stores []Store
	for _, i := range nodes {
		n := &g.Nodes[i]
		for j := range n.Stores {
			store := Store{Name: n.storeName(j), Node: i, Index: j, Schema: n.schema(j), Value: n.Stores[j].ValueForm().String()}
			if n.KeptAs != "" {
				store.KeptAs = n.nameStore(n.KeptAs, j)
			}
			store.Changelog = changelogTopic(g.App, store.StateName())
			stores = append(stores, store)
		}
	}
	return stores
}

// ValueForm is how the values of a store are encoded.
func (s *StoreSpec) ValueForm() shape.Form {
	return shape.Form{Encoding: serde.Encoding(s.Value), Shape: s.ValueShape}
}

// Describe describes a store in one line, for people.
func (s *Store) Describe() string {
	layout, rest, _ := strings.Cut(s.Schema, "; keys ")
	keys, rest, more := strings.Cut(rest, "; ")
	if more {
		rest = "; " + rest
	}
	return layout + "; " + keys + " to " + s.Value + rest
}

// schema states what the existing state of a store depends on, but for its values.
func (n *Node) schema(store int) string {
	s := &n.Stores[store]
	keys := shape.Form{Encoding: serde.Encoding(s.Key), Shape: s.KeyShape}
	parts := []string{s.Layout, "keys " + keys.KeyString()}
	for _, p := range n.Params {
		if p.Affects == AffectsState {
			parts = append(parts, p.Name+" "+p.Value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		if p := name + " " + s.Params[name]; !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "; ")
}
