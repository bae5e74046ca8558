package scheduler

import (
	"slices"
	"strings"
)

// describeStages makes a stage of each list of nodes: its name, and what it
// reads, writes and keeps. Widths come later.
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
// after its first input: the name that stands beside a pattern, or the first
// topic. A topic that is called as a repartition or a pattern gets "-input"
// behind it: these differ from each other, and no topic names two stages, as
// such stages are united.
func nameStages(g Graph, stages []Stage) []string {
	names := make([]string, len(stages))
	taken := map[string]bool{}
	for i := range g.Nodes {
		if g.Nodes[i].crosses() || g.Nodes[i].Pattern != "" {
			taken[g.Nodes[i].Name] = true
		}
	}
	for i := range stages {
		first := &g.Nodes[stages[i].Inputs[0].Nodes[0]]
		if r := slices.IndexFunc(stages[i].Inputs, func(in Input) bool { return g.Nodes[in.Nodes[0]].crosses() }); r >= 0 {
			first = &g.Nodes[stages[i].Inputs[r].Nodes[0]]
		}
		if first.crosses() || first.Pattern != "" {
			names[i] = first.Name
			continue
		}
		names[i] = stages[i].Inputs[0].Topic
		for taken[names[i]] {
			names[i] += "-input"
		}
		taken[names[i]] = true
	}
	return names
}

// inputsOf lists the topics that nodes read, in the order in which the nodes
// that feed them were recorded.
func inputsOf(g Graph, nodes []int) []Input {
	var sources []int
	for _, i := range nodes {
		if g.Nodes[i].Kind == KindInput {
			sources = append(sources, i)
		}
		for _, f := range g.Nodes[i].From {
			if g.Nodes[f].crosses() && !slices.Contains(sources, f) {
				sources = append(sources, f)
			}
		}
	}
	slices.Sort(sources)
	var inputs []Input
	for _, s := range sources {
		for _, topic := range topicsOf(g, s) {
			at := slices.IndexFunc(inputs, func(in Input) bool {
				return in.Topic == topic && g.Nodes[in.Nodes[0]].Kind == g.Nodes[s].Kind
			})
			if at >= 0 {
				inputs[at].Nodes = append(inputs[at].Nodes, s)
				continue
			}
			inputs = append(inputs, Input{Topic: topic, Nodes: []int{s}, Start: g.Nodes[s].Start, OutOfRange: g.Nodes[s].OutOfRange})
		}
	}
	return inputs
}

// topicsOf lists the topics of an input, the one of an output or repartition.
func topicsOf(g Graph, node int) []string {
	if n := &g.Nodes[node]; n.Kind != KindRepartition {
		return n.topics()
	}
	return []string{topicOf(g, node)}
}

// topicOf is the topic of an output or repartition.
func topicOf(g Graph, node int) string {
	if n := &g.Nodes[node]; n.Kind != KindRepartition {
		return n.Topic
	}
	return repartitionTopic(g.App, g.Nodes[node].Name)
}

func outputsOf(g Graph, nodes []int) []Output {
	var outputs []Output
	for _, i := range nodes {
		if n := &g.Nodes[i]; n.Kind == KindOutput || n.crosses() {
			outputs = append(outputs, Output{Topic: topicOf(g, i), Node: i, Repartition: n.crosses()})
		}
	}
	return outputs
}

func storesOf(g Graph, nodes []int) []Store {
	var stores []Store
	for _, i := range nodes {
		if n := &g.Nodes[i]; n.Store != nil {
			stores = append(stores, Store{
				Name: n.Name, Changelog: changelogTopic(g.App, n.Name), Node: i, Schema: schema(n),
			})
		}
	}
	return stores
}

// schema writes down what existing state depends on. A window's grace decides
// when it closes, not what is stored, so it may change.
func schema(n *Node) string {
	parts := []string{n.Store.Layout, n.Store.Key + " to " + n.Store.Value}
	for _, p := range n.Params {
		if p.Name != "grace" {
			parts = append(parts, p.Name+" "+p.Value)
		}
	}
	return strings.Join(parts, "; ")
}
