package share

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// show writes an assignment in short: a member's tasks, +pending ones, and
// (the ones that it follows).
func show(s Assignment) string {
	var out []string
	for _, p := range s.Parts {
		words := []string{p.ID}
		for _, task := range p.Tasks {
			words = append(words, fmt.Sprint(task))
		}
		for _, task := range p.Pending {
			words = append(words, fmt.Sprintf("+%d", task))
		}
		for _, task := range p.Standbys {
			words = append(words, fmt.Sprintf("(%d)", task))
		}
		out = append(out, strings.Join(words, " "))
	}
	if s.Again {
		out = append(out, "again")
	}
	return strings.Join(out, ", ")
}

func TestAssign_Cases(t *testing.T) {
	a := Member{ID: "a", Host: "h1", Tasks: []int32{0, 1}, Generation: 7}
	b := Member{ID: "b", Host: "h2", Tasks: []int32{2, 3}, Generation: 7}
	empty := func(id, host string) Member { return Member{ID: id, Host: host} }
	with := func(m Member, change func(*Member)) Member { change(&m); return m }
	tests := map[string]struct {
		group Group
		want  string
	}{
		"no members": {Group{Tasks: 2}, ""},
		"no tasks":   {Group{Members: []Member{a}}, "a"},
		"one member": {Group{Tasks: 2, Standbys: 1, Members: []Member{empty("a", "")}}, "a 0 1"},
		"fewer tasks than members: all hosts get one": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}},
			"a 1, b, c 0"},
		"one task on each host": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2"), empty("d", "h2")}},
			"a 0, b, c 1, d"},
		"the remainder goes to the host with less": {Group{Tasks: 4, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}},
			"a 1, b 2, c 0 3"},
		"no change": {Group{Tasks: 4, Members: []Member{b, a}}, "a 0 1, b 2 3"},
		"a member joins": {Group{Tasks: 4, Members: []Member{a, b, empty("c", "h3")}},
			"a 0 1, b 2, c +3, again"},
		"a released task goes to its new owner": {Group{Tasks: 4, Members: []Member{with(a, func(m *Member) { m.Tasks = []int32{0} }), b, empty("c", "h3")}},
			"a 0, b 2 3, c 1"},
		"a pending task arrives": {Group{Tasks: 3, Members: []Member{empty("a", "h1"), empty("b", "h2"), {ID: "c", Host: "h3", Pending: []int32{0}}}},
			"a 1, b 2, c 0"},
		"a member returns with its state": {Group{Tasks: 4, Members: []Member{
			with(a, func(m *Member) {
				m.Tasks, m.State = []int32{0, 1, 2, 3}, map[int32]int64{0: 100, 1: 100, 2: 100, 3: 100}
			}), {ID: "b", Host: "h2", State: map[int32]int64{1: 90, 3: 80}}}},
			"a 0 2, b +1 +3, again"},
		"a member returns without state": {Group{Tasks: 4, Members: []Member{
			a, empty("b", "h2"), {ID: "c", Host: "h3", Tasks: []int32{}, Standbys: []int32{2, 3}, State: map[int32]int64{2: 9, 3: 9}}}},
			"a 0 1, b 3, c 2"},
		"the standby takes over, and a wiped member gets the rest": {Group{Tasks: 2, Members: []Member{
			empty("a", "h1"), {ID: "c", Host: "h3", State: map[int32]int64{0: 5}}}},
			"a 1, c 0"},
		"the fresher of two stale states": {Group{Tasks: 1, Members: []Member{
			{ID: "a", State: map[int32]int64{0: 5}}, {ID: "b", State: map[int32]int64{0: 6}}, {ID: "c"}}},
			"a, b 0, c"},
		"a member leaves, and another is on its host": {Group{Tasks: 1, Members: []Member{
			{ID: "a", Host: "h1", Tasks: []int32{0}, Leaving: true}, empty("b", "h2"), empty("c", "h1")}},
			"a, b, c +0, again"},
		"the last owner's host": {Group{Tasks: 1, Members: []Member{empty("b", "h2"), empty("c", "h1")}, Former: map[int32]string{0: "h1", 7: "h1", -1: "h2"}},
			"b, c 0"},
		"all leave":            {Group{Tasks: 4, Standbys: 1, Members: []Member{with(a, func(m *Member) { m.Leaving = true })}}, "a"},
		"a zombie":             {Group{Tasks: 2, Members: []Member{a, {ID: "b", Tasks: []int32{0, 1}, Generation: 8}}}, "a +1, b 0, again"},
		"two of a generation":  {Group{Tasks: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b", Tasks: []int32{0}, State: map[int32]int64{0: 1}}}}, "a, b 0"},
		"two equal claims":     {Group{Tasks: 1, Members: []Member{{ID: "b", Tasks: []int32{0}}, {ID: "a", Tasks: []int32{0}}}}, "a 0, b"},
		"unknown tasks":        {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{-1, 1, math.MaxInt32, 0, 0}, Standbys: []int32{-5, 9}, State: map[int32]int64{-1: 1, 4: 1}}, {ID: "b", Pending: []int32{3}}}}, "a 0, b (0)"},
		"states out of bounds": {Group{Tasks: 2, Members: []Member{{ID: "a", State: map[int32]int64{0: math.MinInt64, 1: math.MaxInt64}}, {ID: "b", State: map[int32]int64{0: -1, 1: math.MinInt64}}}}, "a 1, b 0"},
		"a pin": {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h2", 9: "h1", -1: "h1"}},
			"a 1 +3, b 2 +0, again"},
		"pins against balance":                {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h2", 1: "h2", 2: "h2"}}, "a +3, b 2 +0 +1, again"},
		"a pin on a host without members":     {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h3"}}, "a 0 1, b 2 3"},
		"a pin on a host whose member leaves": {Group{Tasks: 2, Members: []Member{with(a, func(m *Member) { m.Leaving = true }), empty("b", "h2")}, Pins: map[int32]string{0: "h1"}}, "a, b +0 +1, again"},
		"a request":                           {Group{Tasks: 3, Members: []Member{a, with(b, func(m *Member) { m.Tasks, m.Requests = []int32{2}, []int32{0} })}}, "a 1, b 2 +0, again"},
		"a request in exchange for another task": {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0} })}},
			"a 1 +3, b 2 +0, again"},
		"a request whose owner has released the task": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), {ID: "b", Host: "h2", Tasks: []int32{1}, Requests: []int32{0}, Pending: []int32{0}}}},
			"a +1, b 0, again"},
		"more requests than a share": {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0, 1, 2} })}},
			"a 1 +3, b 2 +0, again"},
		"requests of two, one of them the owner": {Group{Tasks: 2, Members: []Member{with(a, func(m *Member) { m.Tasks, m.Requests = []int32{0}, []int32{0} }), {ID: "b", Tasks: []int32{1}, Requests: []int32{0}}}},
			"a 0, b 1"},
		"requests of two": {Group{Tasks: 3, Members: []Member{a, {ID: "b", Tasks: []int32{2}, Requests: []int32{0}}, {ID: "c", Requests: []int32{0}}}},
			"a 1, b 2, c +0, again"},
		"a request against a pin":       {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0} })}, Pins: map[int32]string{0: "h1"}}, "a 0 1, b 2 3"},
		"requests for unknown tasks":    {Group{Tasks: 4, Members: []Member{with(a, func(m *Member) { m.Requests = []int32{-1, 4, math.MaxInt32} }), b}}, "a 0 1, b 2 3"},
		"a request of a leaving member": {Group{Tasks: 2, Members: []Member{a, {ID: "b", Leaving: true, Requests: []int32{0}}}}, "a 0 1, b"},
		"standbys are on other hosts":   {Group{Tasks: 3, Standbys: 1, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}}, "a 1 (0), b 2, c 0 (1) (2)"},
		"only one host":                 {Group{Tasks: 2, Standbys: 1, Members: []Member{empty("a", "h1"), empty("b", "h1")}}, "a 0 (1), b 1 (0)"},
		"more standbys than members":    {Group{Tasks: 1, Standbys: math.MaxInt, Members: []Member{empty("a", ""), empty("b", ""), empty("c", "")}}, "a 0, b (0), c (0)"},
		"a standby where most of the state is": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b"}, {ID: "c", State: map[int32]int64{0: 5}}}},
			"a 0, b, c (0)"},
		"the remaining standby goes where fewer tasks are": {Group{Tasks: 4, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0, 1}}, {ID: "b", Tasks: []int32{2}}, {ID: "c", Tasks: []int32{3}}}},
			"a 0 1 (2), b 2 (0) (3), c 3 (1)"},
		"fewer standbys than before": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b", Standbys: []int32{0}, State: map[int32]int64{0: 3}}, {ID: "c", Standbys: []int32{0}, State: map[int32]int64{0: 5}}}},
			"a 0, b, c (0)"},
		"a surplus standby moves to most of its state": {Group{Tasks: 6, Standbys: 1, Members: []Member{
			{ID: "a", Tasks: []int32{4, 5}, Standbys: []int32{0, 1, 2}, State: map[int32]int64{0: 9, 1: 9}},
			{ID: "b", Tasks: []int32{0, 1}, Standbys: []int32{3, 4}},
			{ID: "c", Tasks: []int32{2, 3}, Standbys: []int32{5}, State: map[int32]int64{1: 5}}}},
			"a 4 5 (0) (2), b 0 1 (3) (4), c 2 3 (1) (5)"},
		"a former owner follows its tasks":           {Group{Tasks: 3, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0, 1, 2}}, {ID: "b", Tasks: nil}, {ID: "c"}}}, "a 0 (2), b +1 (0), c +2 (1), again"},
		"a standby that becomes owner is no standby": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Standbys: []int32{0}, State: map[int32]int64{0: 3}}, {ID: "b"}}}, "a 0, b (0)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := Assign(test.group)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(out); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if err := checkAssignment(test.group, out); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAssign_Refuses(t *testing.T) {
	for want, g := range map[string]Group{
		`assign tasks: two members have the id "a"; each member needs one of its own`:  {Members: []Member{{ID: "a"}, {ID: "b"}, {ID: "a"}}},
		"assign tasks: a member has no id; each member needs a lasting one of its own": {Members: []Member{{Host: "h"}}},
		"assign tasks: -1 tasks with 0 standbys each: neither may be negative":         {Tasks: -1},
		"assign tasks: 1 tasks with -2 standbys each: neither may be negative":         {Tasks: 1, Standbys: -2},
	} {
		if _, err := Assign(g); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestFeasible_RefusesATaskTwice(t *testing.T) {
	path := []hop{{task: 1, from: 1, to: 2}, {task: 2, from: 0, to: 1}}
	if !feasible(path) {
		t.Error("two tasks can be handed on at a time")
	}
	if path[1].task = 1; feasible(path) {
		t.Error("the same task can't be handed on twice")
	}
}
