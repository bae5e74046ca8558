package share

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// requested reports whether an active member requests a task.
func requested(ms []Member, task int32) bool {
	return slices.ContainsFunc(ms, func(m Member) bool { return slices.Contains(m.Requests, task) })
}

// checkRequests checks a request that is the only one. Requests of several members for
// the same task count as one: the task must go to one of them.
func checkRequests(g Group, ms []Member, to map[int32]string) error {
	var all []int32
	for task := range g.Tasks {
		if pinned(g, ms, task) {
			return nil
		}
		if requested(ms, task) {
			all = append(all, task)
		}
	}
	if len(all) == 1 && !slices.Contains(memberOf(g, to[all[0]]).Requests, all[0]) {
		return fmt.Errorf("task %d goes to %s, which doesn't request it", all[0], to[all[0]])
	}
	return nil
}

// A request is met, and moves no more than two tasks: this one, and one in exchange.
// The task stays when the request is over.
func TestAssign_RequestMovesATask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawSettled(t)
		if h.group.Tasks == 0 {
			t.Skip("no tasks")
		}
		task := rapid.Int32Range(0, h.group.Tasks-1).Draw(t, "task")
		requesters := rapid.IntRange(1, 2).Draw(t, "requesters")
		before := slices.Clone(h.group.Members)
		var names []string
		for i := range requesters {
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
			t.Fatalf("%v request task %d, which %s has; %d tasks have moved", names, task, out.Parts[has].ID, moved)
		}
		for _, m := range h.group.Members {
			if len(m.Requests) > 0 {
				t.Fatalf("%s still requests %v", m.ID, m.Requests)
			}
		}
	})
}
