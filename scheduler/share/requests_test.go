package share

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// wished tells whether a member that takes tasks wishes for one.
func wished(ms []Member, task int32) bool {
	return slices.ContainsFunc(ms, func(m Member) bool { return slices.Contains(m.Requests, task) })
}

// checkWishes looks at a wish that stands alone. Those of several members for a task
// are one: it must go to one of them.
func checkWishes(g Group, ms []Member, to map[int32]string) error {
	var all []int32
	for task := range g.Tasks {
		if pinned(g, ms, task) {
			return nil
		}
		if wished(ms, task) {
			all = append(all, task)
		}
	}
	if len(all) == 1 && !slices.Contains(memberOf(g, to[all[0]]).Requests, all[0]) {
		return fmt.Errorf("task %d goes to %s, which doesn't wish for it", all[0], to[all[0]])
	}
	return nil
}

// A wish comes true, without more moves than a task for another one, and what came of
// it stays when the wish is over. Nothing else does anything.
func TestAWishMovesATask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawSettled(t)
		if h.group.Tasks == 0 {
			t.Skip("no tasks")
		}
		task := rapid.Int32Range(0, h.group.Tasks-1).Draw(t, "task")
		wishers := rapid.IntRange(1, 2).Draw(t, "wishers")
		before := slices.Clone(h.group.Members)
		var names []string
		for i := range wishers {
			h.group.Members[i].Requests = []int32{task}
			names = append(names, h.group.Members[i].ID)
		}
		out := h.settle(t)
		moved := 0
		for _, m := range before {
			for _, had := range m.Tasks {
				if !slices.Contains(partOf(out, m.ID).Tasks, had) {
					moved++
				}
			}
		}
		has := slices.IndexFunc(out.Parts, func(p Part) bool { return slices.Contains(p.Tasks, task) })
		if !slices.Contains(names, out.Parts[has].ID) || moved > 2 {
			t.Fatalf("%v wish for task %d, which %s has; %d tasks have moved", names, task, out.Parts[has].ID, moved)
		}
		for _, m := range h.group.Members {
			if len(m.Requests) > 0 {
				t.Fatalf("%s still wishes for %v", m.ID, m.Requests)
			}
		}
	})
}
