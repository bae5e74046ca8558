package scheduler

import "slices"

// PortTable is the input port of a join that looks rows up in a table: it has no say in
// event time.
const PortTable = "table"

// joins reports whether records from several ports meet in the node.
func (n *Node) joins() bool {
	return slices.ContainsFunc(n.From, func(e Edge) bool { return e.To != n.From[0].To })
}

// markJoined finds the inputs of a stage whose records meet those of other inputs in a join.
func markJoined(g Graph, nodes []int, inputs []Input) {
	for _, i := range nodes {
		n := &g.Nodes[i]
		if !n.joins() {
			continue
		}
		for _, e := range n.From {
			sources := g.sources(e.Node)
			for k := range inputs {
				in := &inputs[k]
				if slices.ContainsFunc(in.Nodes, func(s int) bool { return slices.Contains(sources, s) }) {
					in.Joined = true
					in.Table = in.Table || e.To == PortTable
				}
			}
		}
	}
}

// sources lists the nodes that feed the stage of a node, and from which its records come.
func (g Graph) sources(node int) []int {
	var found []int
	seen := []int{node}
	for i := 0; i < len(seen); i++ {
		n := &g.Nodes[seen[i]]
		if n.Kind == KindInput || n.Crosses() {
			found = append(found, n.ID)
			continue
		}
		for _, f := range g.upstream(n.ID) {
			if !slices.Contains(seen, f) {
				seen = append(seen, f)
			}
		}
	}
	return found
}
