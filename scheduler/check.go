package scheduler

import (
	"maps"
	"slices"
	"strings"
)

// checkNames checks the names that the user has chosen: of the app, of topics, of
// operators and of their stores. No two operators may have one name, and no two
// stores.
func checkNames(g Graph) mistakes {
	var bad mistakes
	if err := ValidName(g.App); err != nil {
		bad.add(ofApp, "app: %v", err)
	}
	first := map[string]int{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Kind == KindInput || n.Kind == KindOutput {
			for _, topic := range n.ReadTopics() {
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
	return append(bad, checkStoreNames(g)...)
}

// needsName reports whether topics, directories or stages are named after the node.
func (n *Node) needsName() bool {
	return n.Kind == KindRepartition || len(n.Stores) > 0 || n.Pattern != "" || n.Global() || n.Kind == KindGenerator
}

// checkStoreNames finds stores of different operators that get the same name:
// operator "a" with a store "b", and operator "a-b".
func checkStoreNames(g Graph) mistakes {
	var bad mistakes
	owner := map[string]*Node{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for j := range n.Stores {
			if err := ValidName(n.Stores[j].Name); err != nil && n.Stores[j].Name != "" {
				bad.add(i, "store of %s %q: %v", n.Kind, n.Name, err)
			}
			name := n.nameStore(n.StateName(), j)
			switch o := owner[name]; {
			case o == nil || o.Name == n.Name:
				owner[name] = n
			case o.KeptAs != "" || n.KeptAs != "":
				renamed, taker := o, n
				if n.KeptAs != "" {
					renamed, taker = n, o
				}
				bad.add(i, "%s %q: the state of %s %q is kept under this name, since it was renamed; choose another name", taker.Kind, taker.Name, renamed.Kind, renamed.Name)
			default:
				bad.add(i, "%s %q: its store would have the name %q, as a store of %s %q has; choose another name", n.Kind, n.Name, name, o.Kind, o.Name)
			}
		}
	}
	return bad
}

func checkOptions(o Options) mistakes {
	var bad mistakes
	if o.Partitions < 0 {
		bad.add(ofApp, "partitions: %d is negative; set a positive number, or 0 for as many as the input has", o.Partitions)
	}
	if o.Containers < 0 {
		bad.add(ofApp, "containers: %d is negative; set a positive number, or 0 for one", o.Containers)
	}
	return bad
}

// checkStageContainers checks the numbers of containers that were set for single stages.
func checkStageContainers(stages []Stage, o Options) mistakes {
	var bad mistakes
	names := namesOf(stages)
	for _, name := range slices.Sorted(maps.Keys(o.StageContainers)) {
		if n := o.StageContainers[name]; !slices.Contains(names, name) {
			bad.add(ofApp, "containers of stage %q: there is no such stage; the stages are: %s", name, strings.Join(names, ", "))
		} else if n < 1 {
			bad.add(ofApp, "containers of stage %q: %d is set; it must be positive", name, n)
		}
	}
	return bad
}
