package compare

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// formerNames finds, for each store of the new plan, the store of the old plan that
// it seems to have been: one with the same schema, made of the same inputs, in the
// same stage or in one that was renamed, too. It is empty where there is none.
func (c *comparison) formerNames() []string {
	var former []string
	for i := range c.now.Stages {
		is := &c.now.Stages[i]
		for j := range is.Stores {
			now, name := &is.Stores[j], ""
			if _, kept := c.old.store(now.Changelog); kept == nil {
				name = c.formerName(is, now, former)
			}
			former = append(former, name)
		}
	}
	return former
}

// formerName returns the first that fits and isn't taken.
func (c *comparison) formerName(is *scheduler.Stage, now *scheduler.Store, taken []string) string {
	for i := range c.old.Stages {
		was := &c.old.Stages[i]
		renamed := c.now.stage(was.Name) == nil && c.old.stage(is.Name) == nil
		if was.Name != is.Name && !renamed {
			continue
		}
		for j := range was.Stores {
			old := &was.Stores[j]
			if _, kept := c.now.store(old.Changelog); kept != nil || slices.Contains(taken, old.Name) {
				continue
			}
			if old.Schema == now.Schema && old.Value == now.Value && slices.Equal(c.old.origins(old), c.now.origins(now)) {
				return old.Name
			}
		}
	}
	return ""
}

// byReset is the way out of every change that is refused.
const byReset = "reset the job with this version, to start without state"

// origins lists the inputs whose records reach a store, through any number of
// repartitions.
func (s side) origins(st *scheduler.Store) []string {
	var names []string
	seen := []int{st.Node}
	for i := 0; i < len(seen); i++ {
		n := &s.Nodes[seen[i]]
		switch {
		case n.Pattern != "":
			names = append(names, n.Pattern)
		case n.Kind == scheduler.KindInput, n.Kind == scheduler.KindGenerator:
			names = append(names, n.ReadTopics()...)
		}
		for _, e := range n.From {
			if !slices.Contains(seen, e.Node) {
				seen = append(seen, e.Node)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
