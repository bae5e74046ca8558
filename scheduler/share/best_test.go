package share

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawGroup makes a small group at random: with claims, pins and states that no
// history would have.
func drawGroup(t *rapid.T) Group {
	g := Group{
		Tasks:    rapid.Int32Range(0, 5).Draw(t, "tasks"),
		Standbys: rapid.IntRange(0, 2).Draw(t, "standbys"),
		Pins:     map[int32]string{},
		Former:   map[int32]string{},
	}
	host := rapid.SampledFrom([]string{"a", "b", "c", ""})
	tasks := rapid.SliceOfN(rapid.Int32Range(-1, 6), 0, 4)
	for i := range rapid.IntRange(0, 4).Draw(t, "members") {
		g.Members = append(g.Members, Member{
			ID:         fmt.Sprintf("m%d", i),
			Host:       host.Draw(t, "host"),
			Leaving:    rapid.IntRange(0, 5).Draw(t, "leaving") == 0,
			Tasks:      tasks.Draw(t, "owns"),
			Pending:    tasks.Draw(t, "pending"),
			Standbys:   tasks.Draw(t, "follows"),
			Requests:   tasks.Draw(t, "requests"),
			Generation: rapid.Int32Range(0, 2).Draw(t, "generation"),
			State:      rapid.MapOfN(rapid.Int32Range(-1, 6), rapid.Int64Range(-1, 3), 0, 5).Draw(t, "state"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "pins") {
		g.Pins[rapid.Int32Range(-1, 5).Draw(t, "pinned")] = host.Draw(t, "host")
		g.Former[rapid.Int32Range(-1, 5).Draw(t, "former")] = host.Draw(t, "host")
	}
	return g
}

// A worth rates an assignment; less is better, and earlier numbers count for more.
type worth [6]int64

// worthOf rates the owners of all tasks: pins that don't hold, how unequal the
// numbers are, requests that aren't met, moves, records to restore, and how far tasks
// are from where they were.
func worthOf(g Group, ms []Member, to []int) worth {
	var w worth
	load := make([]int64, len(ms))
	for i, j := range to {
		task, m := int32(i), ms[j]
		load[j]++
		if pinned(g, ms, task) && g.Pins[task] != m.Host {
			w[0]++
		}
		if requested(ms, task) && !slices.Contains(m.Requests, task) {
			w[2]++
		}
		owner := ownerOf(g, task)
		if owner == m.ID {
			continue
		}
		if owner != "" && !memberOf(g, owner).Leaving {
			w[3]++
		}
		var best int64
		for _, other := range g.Members {
			best = max(best, other.State[task])
		}
		w[4] += best - max(m.State[task], 0)
		former := g.Former[task]
		if owner != "" {
			former = hostOf(memberOf(g, owner))
		}
		switch {
		case slices.Contains(m.Pending, task):
		case slices.Contains(m.Standbys, task):
			w[5]++
		case hostOf(m) == former:
			w[5] += 2
		default:
			w[5] += 3
		}
	}
	for _, n := range load {
		w[1] += n * n
	}
	return w
}

func activeOf(g Group) []Member {
	return slices.DeleteFunc(slices.Clone(g.Members), func(m Member) bool { return m.Leaving })
}

// eachChoice calls f with all choices of one of n for each of k.
func eachChoice(k, n int, f func([]int)) {
	choice := make([]int, k)
	for {
		f(choice)
		i := 0
		for i < k && choice[i] == n-1 {
			choice[i] = 0
			i++
		}
		if i == k {
			return
		}
		choice[i]++
	}
}

// No other assignment is better than the result.
func TestAssign_IsOptimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		out, err := Assign(g)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkAssignment(g, out); err != nil {
			t.Fatalf("%v\ngroup %+v\nassignment %+v", err, g, out)
		}
		ms := activeOf(g)
		if len(ms) == 0 {
			return
		}
		found := worthOf(g, ms, ownersIn(out, g, ms))
		eachChoice(int(g.Tasks), len(ms), func(to []int) {
			if w := worthOf(g, ms, to); slices.Compare(w[:], found[:]) < 0 {
				t.Fatalf("%v is worth %v, and %+v %v\ngroup %+v", to, w, out, found, g)
			}
		})
	})
}

func ownersIn(out Assignment, g Group, ms []Member) []int {
	to := make([]int, g.Tasks)
	for i, m := range ms {
		part := partOf(out, m.ID)
		for _, task := range slices.Concat(part.Tasks, part.Pending) {
			to[task] = i
		}
	}
	return to
}

// Standbys can't be on more hosts, nor more equal in number on as many hosts.
func TestAssign_BalancesStandbys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		ms := activeOf(g)
		if g.Standbys = min(g.Standbys, len(ms)-1); g.Standbys <= 0 {
			t.Skip("no standbys")
		}
		if g.Standbys == 2 {
			g.Tasks = min(g.Tasks, 3)
		}
		out, err := Assign(g)
		if err != nil {
			t.Fatal(err)
		}
		to := ownersIn(out, g, ms)
		var found int
		for _, m := range ms {
			n := len(partOf(out, m.ID).Standbys)
			found += n * n
		}
		eachChoice(int(g.Tasks)*g.Standbys, len(ms), func(by []int) {
			if squares, ok := judgeStandbys(g, ms, to, by); ok && squares < found {
				t.Fatalf("%v are more equal than %+v\ngroup %+v", by, out, g)
			}
		})
	})
}

// judgeStandbys returns how unequal the numbers of standbys are, as the sum of their
// squares, and whether the standbys are on as many hosts as possible. by lists the
// standbys of the first task first.
func judgeStandbys(g Group, ms []Member, to, by []int) (squares int, ok bool) {
	all := make(map[string]bool)
	for _, m := range ms {
		all[hostOf(m)] = true
	}
	load := make([]int, len(ms))
	for task, owner := range to {
		hosts := map[string]bool{hostOf(ms[owner]): true}
		members := map[int]bool{owner: true}
		for _, i := range by[task*g.Standbys : (task+1)*g.Standbys] {
			hosts[hostOf(ms[i])], members[i] = true, true
			load[i]++
		}
		if len(members) != g.Standbys+1 || len(hosts) != min(len(all), g.Standbys+1) {
			return 0, false
		}
	}
	for _, n := range load {
		squares += n * n
	}
	return squares, true
}
