package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkShape finds what makes a graph no graph. A user can't cause it through
// package api, a hand-written or damaged file can.
func checkShape(g Graph) mistakes {
	var bad mistakes
	if len(g.Nodes) == 0 {
		bad.add(ofApp, "app %q is empty: it reads no topic", g.App)
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if err := n.checkShape(i, g.Nodes); err != nil {
			bad.add(i, "node %d (%s): %v", i, n.Kind, err)
		}
	}
	return bad
}

func (n *Node) checkShape(i int, nodes []Node) error {
	if n.ID != i {
		return fmt.Errorf("its id is %d", n.ID)
	}
	if !n.Kind.known() {
		return fmt.Errorf("its kind is unknown")
	}
	if (len(n.From) == 0) != (n.Kind == KindInput) {
		return fmt.Errorf("it gets records from %d nodes", len(n.From))
	}
	for _, f := range n.From {
		if f < 0 || f >= i {
			return fmt.Errorf("it gets records from node %d, which isn't before it", f)
		}
		if nodes[f].Kind == KindOutput {
			return fmt.Errorf("it gets records from node %d, which is an output", f)
		}
	}
	if err := n.checkTopics(); err != nil {
		return err
	}
	if (n.Store != nil) != (n.Kind == KindWindow || n.Kind == KindTable) {
		return fmt.Errorf("windows and tables have a store, others have none")
	}
	return nil
}

func (k Kind) known() bool {
	switch k {
	case KindInput, KindOutput, KindRepartition, KindMap, KindFilter, KindFlatMap, KindPeek, KindMerge, KindWindow, KindTable:
		return true
	}
	return false
}

// checkNames checks the names that the user gave: of the app, of topics, and of
// operators, which must differ.
func checkNames(g Graph) mistakes {
	var bad mistakes
	if err := ValidName(g.App); err != nil {
		bad.add(ofApp, "app: %v", err)
	}
	first := map[string]int{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Kind == KindInput || n.Kind == KindOutput {
			for _, topic := range n.topics() {
				if err := ValidName(topic); err != nil {
					bad.add(i, "topic of the %s: %v", n.Kind, err)
				}
			}
		}
		if n.Name == "" && !n.needsName() {
			continue
		}
		if err := ValidName(n.Name); err != nil {
			bad.add(i, "%s: %v", n.Kind, err)
			continue
		}
		f, taken := first[n.Name]
		switch {
		case !taken:
			first[n.Name] = i
		case g.Nodes[f].At != "":
			bad.add(i, "%s %q: the name is taken by the %s at %s; choose another", n.Kind, n.Name, g.Nodes[f].Kind, g.Nodes[f].At)
		default:
			bad.add(i, "%s %q: the name is taken by a %s; choose another", n.Kind, n.Name, g.Nodes[f].Kind)
		}
	}
	return bad
}

// needsName tells whether topics are named after the node.
func (n *Node) needsName() bool {
	return n.Kind == KindRepartition || n.Store != nil || n.Pattern != ""
}

func checkOptions(o Options) mistakes {
	var bad mistakes
	if o.Partitions < 0 {
		bad.add(ofApp, "partitions: %d asked for; it must be positive, or 0 for as many as the input has", o.Partitions)
	}
	if o.Containers < 0 {
		bad.add(ofApp, "containers: %d asked for; it must be positive, or 0 for one", o.Containers)
	}
	return bad
}

// checkStageContainers looks at what is asked for single stages.
func checkStageContainers(stages []Stage, o Options) mistakes {
	var bad mistakes
	names := namesOf(stages)
	for _, name := range slices.Sorted(maps.Keys(o.StageContainers)) {
		if n := o.StageContainers[name]; !slices.Contains(names, name) {
			bad.add(ofApp, "containers of stage %q: there is no such stage; there are: %s", name, strings.Join(names, ", "))
		} else if n < 1 {
			bad.add(ofApp, "containers of stage %q: %d asked for; it must be positive", name, n)
		}
	}
	return bad
}
