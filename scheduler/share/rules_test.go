package share

import (
	"errors"
	"fmt"
	"slices"
)

// checkAssignment returns the rule of [Assign] that a result breaks. It has nothing in
// common with how the result is found. [TestAssign_IsOptimal] checks whether it is
// the best one.
func checkAssignment(g Group, out Assignment) error {
	to, err := checkParts(g, out)
	if err != nil {
		return err
	}
	var ms []Member
	for _, m := range g.Members {
		if !m.Leaving {
			ms = append(ms, m)
		}
	}
	if len(ms) == 0 {
		if len(to) > 0 {
			return errors.New("members that leave get tasks")
		}
		return nil
	}
	if len(to) != int(g.Tasks) {
		return fmt.Errorf("%d of %d tasks have an owner", len(to), g.Tasks)
	}
	return errors.Join(checkPins(g, ms, to), checkRequests(g, ms, to), checkBalance(g, ms, to), checkMoves(g, ms, to), checkState(g, ms, to), checkStandbys(g, ms, to, out))
}

// ownerOf returns the member whose claim wins; "" if there is none.
func ownerOf(g Group, task int32) string {
	var owner *Member
	for i := range g.Members {
		m := &g.Members[i]
		if !slices.Contains(m.Tasks, task) {
			continue
		}
		if owner == nil || m.Generation > owner.Generation ||
			m.Generation == owner.Generation && (max(m.State[task], 0) > max(owner.State[task], 0) ||
				max(m.State[task], 0) == max(owner.State[task], 0) && m.ID < owner.ID) {
			owner = m
		}
	}
	if owner == nil {
		return ""
	}
	return owner.ID
}

// checkParts checks the form, and that no task has two owners. It returns the new
// owner of each task.
func checkParts(g Group, out Assignment) (map[int32]string, error) {
	if len(out.Parts) != len(g.Members) || !slices.IsSortedFunc(out.Parts, func(a, b Part) int { return cmpString(a.ID, b.ID) }) {
		return nil, fmt.Errorf("parts %v", out.Parts)
	}
	to, again := make(map[int32]string), false
	for _, part := range out.Parts {
		m := memberOf(g, part.ID)
		all := slices.Concat(part.Tasks, part.Pending, part.Standbys)
		if m.Leaving && len(all) > 0 {
			return nil, fmt.Errorf("%s leaves and gets %v", m.ID, all)
		}
		for _, list := range [][]int32{part.Tasks, part.Pending, part.Standbys} {
			if !slices.IsSorted(list) {
				return nil, fmt.Errorf("%s: %v isn't sorted", m.ID, list)
			}
		}
		slices.Sort(all)
		if len(slices.Compact(slices.Clone(all))) != len(all) {
			return nil, fmt.Errorf("%s: a task occurs twice: %+v", m.ID, part)
		}
		for _, task := range slices.Concat(part.Tasks, part.Pending) {
			if before, ok := to[task]; ok || task < 0 || task >= g.Tasks {
				return nil, fmt.Errorf("task %d is with %q and %s", task, before, m.ID)
			}
			to[task] = part.ID
			owner := ownerOf(g, task)
			pending := slices.Contains(part.Pending, task)
			if free := owner == "" || owner == part.ID; free == pending {
				return nil, fmt.Errorf("task %d of %q goes to %s; pending: %v", task, owner, part.ID, pending)
			}
			again = again || pending
		}
	}
	if again != out.Again {
		return nil, fmt.Errorf("again is %v", out.Again)
	}
	return to, nil
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func memberOf(g Group, id string) Member {
	return g.Members[slices.IndexFunc(g.Members, func(m Member) bool { return m.ID == id })]
}

func onHost(ms []Member, host string) bool {
	return host != "" && slices.ContainsFunc(ms, func(m Member) bool { return m.Host == host })
}

// pinned reports whether a task has a pin that holds.
func pinned(g Group, ms []Member, task int32) bool {
	host, ok := g.Pins[task]
	return ok && onHost(ms, host)
}

func checkPins(g Group, ms []Member, to map[int32]string) error {
	for task, id := range to {
		if pinned(g, ms, task) && memberOf(g, id).Host != g.Pins[task] {
			return fmt.Errorf("task %d belongs on %s and goes to %s", task, g.Pins[task], id)
		}
	}
	return nil
}

func loads(ms []Member, to map[int32]string) map[string]int {
	n := make(map[string]int)
	for _, m := range ms {
		n[m.ID] = 0
	}
	for _, id := range to {
		n[id]++
	}
	return n
}

// checkBalance allows a member two tasks more than another only if none of them may
// move there.
func checkBalance(g Group, ms []Member, to map[int32]string) error {
	n := loads(ms, to)
	for task, id := range to {
		for _, m := range ms {
			free := !pinned(g, ms, task) || g.Pins[task] == m.Host
			if free && n[id] > n[m.ID]+1 {
				return fmt.Errorf("%s has %d tasks and %s %d; task %d could move", id, n[id], m.ID, n[m.ID], task)
			}
		}
	}
	return nil
}

// checkMoves counts the tasks that leave an active owner, if there are no pins and
// requests. An owner must release the tasks beyond the lesser share, and as many
// owners as get the greater share may keep one more.
func checkMoves(g Group, ms []Member, to map[int32]string) error {
	for task := range g.Tasks {
		if pinned(g, ms, task) || requested(ms, task) {
			return nil
		}
	}
	least, greater := int(g.Tasks)/len(ms), int(g.Tasks)%len(ms)
	var moved, must int
	for _, m := range ms {
		var owns int
		for task, id := range to {
			if ownerOf(g, task) == m.ID {
				owns++
				if id != m.ID {
					moved++
				}
			}
		}
		must += max(owns-least, 0)
		if owns > least && greater > 0 {
			must--
			greater--
		}
	}
	if moved != must {
		return fmt.Errorf("%d tasks move, %d must", moved, must)
	}
	return nil
}

// checkState looks for a task without an owner, and a fresher member with room for it.
func checkState(g Group, ms []Member, to map[int32]string) error {
	n := loads(ms, to)
	for task, id := range to {
		if owner := ownerOf(g, task); pinned(g, ms, task) || requested(ms, task) || owner == id {
			continue
		}
		for _, m := range ms {
			if ownerOf(g, task) != m.ID && n[m.ID] < n[id] && m.State[task] > max(memberOf(g, id).State[task], 0) {
				return fmt.Errorf("task %d goes to %s with %d, and %s with %d has room", task, id, memberOf(g, id).State[task], m.ID, m.State[task])
			}
		}
	}
	return nil
}

// checkStandbys checks the standbys' number, hosts and balance.
func checkStandbys(g Group, ms []Member, to map[int32]string, out Assignment) error {
	hosts := make(map[string]bool)
	for _, m := range ms {
		hosts[hostOf(m)] = true
	}
	of := make(map[int32][]string)
	least, most := int(g.Tasks)+1, 0
	for _, part := range out.Parts {
		if memberOf(g, part.ID).Leaving {
			continue
		}
		least, most = min(least, len(part.Standbys)), max(most, len(part.Standbys))
		for _, task := range part.Standbys {
			of[task] = append(of[task], part.ID)
		}
	}
	want := min(g.Standbys, len(ms)-1)
	for task := range g.Tasks {
		if len(of[task]) != want || slices.Contains(of[task], to[task]) {
			return fmt.Errorf("task %d of %s is followed by %v", task, to[task], of[task])
		}
		on := map[string]bool{hostOf(memberOf(g, to[task])): true}
		for _, id := range of[task] {
			on[hostOf(memberOf(g, id))] = true
		}
		if len(on) != min(len(hosts), want+1) {
			return fmt.Errorf("task %d of %s is followed by %v, which is on %d hosts only", task, to[task], of[task], len(on))
		}
	}
	if len(g.Pins) == 0 && len(hosts) == len(ms) && most-least > 1 {
		return fmt.Errorf("members have %d to %d standbys", least, most)
	}
	return nil
}

func hostOf(m Member) string {
	if m.Host == "" {
		return "of " + m.ID
	}
	return m.Host
}
