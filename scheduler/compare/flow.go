package compare

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
)

// operators compares the paths of records through a stage. It says nothing if
// more than that has changed in the stage.
func (c *comparison) operators(old, now *scheduler.Stage) {
	if slices.Equal(c.old.flow(old), c.now.flow(now)) || c.has(now.Name, Restart) {
		return
	}
	from, to := c.old.paths(old), c.now.paths(now)
	if was, is := without(from, to), without(to, from); len(was) > 0 && len(is) > 0 {
		from, to = was, is // the rest is as it was
	}
	ch := Change{Subject: SubjectOperators, Name: now.Name, Stage: now.Name}
	ch = ch.with(strings.Join(from, "; "), strings.Join(to, "; "), Compatible,
		"no state depends on them; while both versions run, some records take the old path and some the new one", "")
	if ch.From == ch.To {
		ch.To = "the same operators, connected differently"
	}
	c.add(ch)
}

// flow returns a hash for each node of a stage: of what it is, and of where its
// records come from. The numbers of nodes don't count, so the result is equal for
// stages that do the same. The settings of inputs, repartitions and stores are
// compared elsewhere.
func (s side) flow(st *scheduler.Stage) []uint64 {
	sums := make(map[int]uint64)
	var all []uint64
	for _, i := range st.Nodes {
		n := &s.Nodes[i]
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%s %q", n.Kind, n.Name)
		if n.Pattern == "" {
			_, _ = fmt.Fprintf(h, " %q", n.ReadTopics())
		}
		if n.Kind != scheduler.KindInput && n.Kind != scheduler.KindGenerator && len(n.Stores) == 0 {
			_, _ = fmt.Fprintf(h, " %q", n.Settings())
		}
		if n.Kind == scheduler.KindOutput { // there may be several to a topic
			_, _ = fmt.Fprintf(h, " %q", n.Key+" "+n.Value)
		}
		for _, e := range n.From {
			sum, inside := sums[e.Node]
			if !inside {
				_, _ = fmt.Fprintf(h, " %q", s.Nodes[e.Node].Name) // a repartition, or a global table
			}
			_, _ = fmt.Fprintf(h, " %x %q %q", sum, e.Port, e.To)
		}
		sums[i] = h.Sum64()
		all = append(all, sums[i])
	}
	slices.Sort(all)
	return all
}

// paths are the chains of a stage, as [draw.Chains] has them.
func (s side) paths(st *scheduler.Stage) []string {
	var paths []string
	for _, chain := range draw.Chains(s.Plan, st) {
		paths = append(paths, strings.Join(chain, " → "))
	}
	return paths
}
