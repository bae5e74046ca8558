package compare

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
)

// operators compares how records go through a stage. Where more than that has
// changed in it, it says nothing.
func (c *comparison) operators(old, now *scheduler.Stage) {
	if slices.Equal(c.old.flow(old), c.now.flow(now)) || c.has(now.Name, Restart) {
		return
	}
	from, to := c.old.ways(old), c.now.ways(now)
	if was, is := without(from, to), without(to, from); len(was) > 0 && len(is) > 0 {
		from, to = was, is // the rest is as it was
	}
	ch := Change{Subject: SubjectOperators, Name: now.Name, Stage: now.Name}
	ch = ch.with(strings.Join(from, "; "), strings.Join(to, "; "), Compatible,
		"nothing that is kept depends on them; while both versions run, some records go the one way and some the other", "")
	if ch.From == ch.To {
		ch.To = "the same, connected otherwise"
	}
	c.add(ch)
}

// flow describes each node of a stage by what it is and by where its records come
// from, without numbers: it is equal for stages that do the same. What inputs,
// repartitions and stores are like beyond their names is compared elsewhere.
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
		if n.Kind != scheduler.KindInput && len(n.Stores) == 0 {
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

// ways are the chains of a stage as its text has them, without numbers.
func (s side) ways(st *scheduler.Stage) []string {
	var ways []string
	for _, chain := range draw.Chains(s.Plan, st) {
		ways = append(ways, strings.Join(chain, " → "))
	}
	return ways
}
