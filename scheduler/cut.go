package scheduler

import (
	"slices"
)

// A cutting says which nodes run together: nodes with the same number are in
// one stage. The number is that of the stage's first node. Global tables are
// in no stage; theirs is noStage.
type cutting []int

const noStage = -1

// cutIntoStages decides what runs together.
func cutIntoStages(g Graph) cutting { return uniteByTopic(g, cutAtRepartitions(g)) }

// cutAtRepartitions puts together what is connected without a repartition. A
// repartition itself runs where its input does. All readers of a repartition
// run together, so that its topic is read once.
func cutAtRepartitions(g Graph) cutting {
	c := make(cutting, len(g.Nodes))
	for i := range c {
		c[i] = i
		if g.Nodes[i].Global() {
			c[i] = noStage
		}
	}
	reader := map[int]int{} // of a repartition: the first node that reads it
	for i := range g.Nodes {
		for _, f := range g.upstream(i) {
			if !g.Nodes[f].Crosses() {
				c = c.join(i, f)
			} else if r, ok := reader[f]; ok {
				c = c.join(i, r)
			} else {
				reader[f] = i
			}
		}
	}
	return c
}

// uniteByTopic makes one stage of stages that read the same topic, so that it
// is read once. It leaves them apart where one feeds the other: united, the
// stage would wait for itself. An input with a pattern unites nothing, because
// the topics that happen to exist must not decide what a stage is; nor does a
// broadcast input, because all tasks read it anyway.
func uniteByTopic(g Graph, c cutting) cutting {
	before := len(checkLoops(g, c))
	first := map[string]int{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Kind != KindInput || n.Pattern != "" || n.Delivery != DeliverPartition {
			continue
		}
		for _, topic := range n.ReadTopics() {
			f, ok := first[topic]
			if !ok {
				first[topic] = i
				continue
			}
			if united := c.join(i, f); len(checkLoops(g, united)) <= before {
				c = united
			}
		}
	}
	return c
}

// join returns the cutting in which the stages of a and b are one.
func (c cutting) join(a, b int) cutting {
	from, to := max(c[a], c[b]), min(c[a], c[b])
	out := slices.Clone(c)
	for i := range out {
		if out[i] == from {
			out[i] = to
		}
	}
	return out
}

// A link leads from one stage to another, through the topic of a repartition.
type link struct{ from, to, node int }

func (c cutting) links(g Graph) []link {
	var all []link
	for i := range g.Nodes {
		for _, f := range g.upstream(i) {
			x := link{c[f], c[i], f}
			if g.Nodes[f].Crosses() && !slices.Contains(all, x) {
				all = append(all, x)
			}
		}
	}
	return all
}

// checkLoops finds repartitions whose records come back to the stage that
// writes them. The graph has no cycle, but its stages have one if a stream meets
// what was made of it on the far side of a repartition. Event time couldn't
// advance there: the stage would wait for its own watermark.
func checkLoops(g Graph, c cutting) mistakes {
	var bad mistakes
	all := c.links(g)
	for _, x := range all {
		if reaches(all, x.to, x.from) {
			bad.add(x.node, "repartition %q leads back into the stage that writes it, which would wait for itself: "+
				"call PartitionBy on the other stream too, before the two meet", g.Nodes[x.node].Name)
		}
	}
	return bad
}

// reaches reports whether links lead from one stage to another, or to itself.
func reaches(all []link, from, to int) bool {
	seen := []int{from}
	for i := 0; i < len(seen); i++ {
		if seen[i] == to {
			return true
		}
		for _, x := range all {
			if x.from == seen[i] && !slices.Contains(seen, x.to) {
				seen = append(seen, x.to)
			}
		}
	}
	return false
}

// orderStages lists the nodes of each stage, upstream stages first, and
// otherwise in the order of their first nodes.
func orderStages(g Graph, c cutting) [][]int {
	all := c.links(g)
	var waiting []int // numbers of stages
	for i, s := range c {
		if i == s {
			waiting = append(waiting, s)
		}
	}
	var ordered [][]int
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(s int) bool {
			return !slices.ContainsFunc(all, func(x link) bool { return x.to == s && slices.Contains(waiting, x.from) })
		})
		ordered = append(ordered, c.nodes(waiting[next]))
		waiting = slices.Delete(waiting, next, next+1)
	}
	return ordered
}

func (c cutting) nodes(stage int) []int {
	var nodes []int
	for i, s := range c {
		if s == stage {
			nodes = append(nodes, i)
		}
	}
	return nodes
}
