package share

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// show writes shares in short: a member's tasks, +those that are coming, and
// (those that it follows).
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

func TestShare(t *testing.T) {
	a := Member{ID: "a", Host: "h1", Tasks: []int32{0, 1}, Generation: 7}
	b := Member{ID: "b", Host: "h2", Tasks: []int32{2, 3}, Generation: 7}
	empty := func(id, host string) Member { return Member{ID: id, Host: host} }
	with := func(m Member, change func(*Member)) Member { change(&m); return m }
	tests := map[string]struct {
		group Group
		want  string
	}{
		"nobody":           {Group{Tasks: 2}, ""},
		"nothing to share": {Group{Members: []Member{a}}, "a"},
		"one alone":        {Group{Tasks: 2, Standbys: 1, Members: []Member{empty("a", "")}}, "a 0 1"},
		"fewer tasks than members, which are on all hosts": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}},
			"a 1, b, c 0"},
		"one on each host": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2"), empty("d", "h2")}},
			"a 0, b, c 1, d"},
		"one that is left over, on the host with less": {Group{Tasks: 4, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}},
			"a 1, b 2, c 0 3"},
		"nothing has changed": {Group{Tasks: 4, Members: []Member{b, a}}, "a 0 1, b 2 3"},
		"one joins": {Group{Tasks: 4, Members: []Member{a, b, empty("c", "h3")}},
			"a 0 1, b 2, c +3, again"},
		"what an owner gave up isn't withheld any more": {Group{Tasks: 4, Members: []Member{with(a, func(m *Member) { m.Tasks = []int32{0} }), b, empty("c", "h3")}},
			"a 0, b 2 3, c 1"},
		"what is coming comes": {Group{Tasks: 3, Members: []Member{empty("a", "h1"), empty("b", "h2"), {ID: "c", Host: "h3", Pending: []int32{0}}}},
			"a 1, b 2, c 0"},
		"one comes back with its state": {Group{Tasks: 4, Members: []Member{
			with(a, func(m *Member) {
				m.Tasks, m.State = []int32{0, 1, 2, 3}, map[int32]int64{0: 100, 1: 100, 2: 100, 3: 100}
			}), {ID: "b", Host: "h2", State: map[int32]int64{1: 90, 3: 80}}}},
			"a 0 2, b +1 +3, again"},
		"one comes back without": {Group{Tasks: 4, Members: []Member{
			a, empty("b", "h2"), {ID: "c", Host: "h3", Tasks: []int32{}, Standbys: []int32{2, 3}, State: map[int32]int64{2: 9, 3: 9}}}},
			"a 0 1, b 3, c 2"},
		"the standby takes over, and who is wiped gets what is left": {Group{Tasks: 2, Members: []Member{
			empty("a", "h1"), {ID: "c", Host: "h3", State: map[int32]int64{0: 5}}}},
			"a 1, c 0"},
		"a fresher one, though it isn't fresh": {Group{Tasks: 1, Members: []Member{
			{ID: "a", State: map[int32]int64{0: 5}}, {ID: "b", State: map[int32]int64{0: 6}}, {ID: "c"}}},
			"a, b 0, c"},
		"one leaves, and somebody else is on its host": {Group{Tasks: 1, Members: []Member{
			{ID: "a", Host: "h1", Tasks: []int32{0}, Leaving: true}, empty("b", "h2"), empty("c", "h1")}},
			"a, b, c +0, again"},
		"the last owner's host": {Group{Tasks: 1, Members: []Member{empty("b", "h2"), empty("c", "h1")}, Former: map[int32]string{0: "h1", 7: "h1", -1: "h2"}},
			"b, c 0"},
		"all leave":            {Group{Tasks: 4, Standbys: 1, Members: []Member{with(a, func(m *Member) { m.Leaving = true })}}, "a"},
		"a zombie":             {Group{Tasks: 2, Members: []Member{a, {ID: "b", Tasks: []int32{0, 1}, Generation: 8}}}, "a +1, b 0, again"},
		"two of a generation":  {Group{Tasks: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b", Tasks: []int32{0}, State: map[int32]int64{0: 1}}}}, "a, b 0"},
		"two that are alike":   {Group{Tasks: 1, Members: []Member{{ID: "b", Tasks: []int32{0}}, {ID: "a", Tasks: []int32{0}}}}, "a 0, b"},
		"tasks that aren't":    {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{-1, 1, math.MaxInt32, 0, 0}, Standbys: []int32{-5, 9}, State: map[int32]int64{-1: 1, 4: 1}}, {ID: "b", Pending: []int32{3}}}}, "a 0, b (0)"},
		"states out of bounds": {Group{Tasks: 2, Members: []Member{{ID: "a", State: map[int32]int64{0: math.MinInt64, 1: math.MaxInt64}}, {ID: "b", State: map[int32]int64{0: -1, 1: math.MinInt64}}}}, "a 1, b 0"},
		"a pin": {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h2", 9: "h1", -1: "h1"}},
			"a 1 +3, b 2 +0, again"},
		"pins against balance":             {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h2", 1: "h2", 2: "h2"}}, "a +3, b 2 +0 +1, again"},
		"a pin on a host where nobody is":  {Group{Tasks: 4, Members: []Member{a, b}, Pins: map[int32]string{0: "h3"}}, "a 0 1, b 2 3"},
		"a pin on a host where one leaves": {Group{Tasks: 2, Members: []Member{with(a, func(m *Member) { m.Leaving = true }), empty("b", "h2")}, Pins: map[int32]string{0: "h1"}}, "a, b +0 +1, again"},
		"a wish":                           {Group{Tasks: 3, Members: []Member{a, with(b, func(m *Member) { m.Tasks, m.Requests = []int32{2}, []int32{0} })}}, "a 1, b 2 +0, again"},
		"a wish for which another task is given": {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0} })}},
			"a 1 +3, b 2 +0, again"},
		"a wish whose owner has given it up": {Group{Tasks: 2, Members: []Member{empty("a", "h1"), {ID: "b", Host: "h2", Tasks: []int32{1}, Requests: []int32{0}, Pending: []int32{0}}}},
			"a +1, b 0, again"},
		"more wishes than a share": {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0, 1, 2} })}},
			"a 1 +3, b 2 +0, again"},
		"wishes of two, and the owner's": {Group{Tasks: 2, Members: []Member{with(a, func(m *Member) { m.Tasks, m.Requests = []int32{0}, []int32{0} }), {ID: "b", Tasks: []int32{1}, Requests: []int32{0}}}},
			"a 0, b 1"},
		"wishes of two": {Group{Tasks: 3, Members: []Member{a, {ID: "b", Tasks: []int32{2}, Requests: []int32{0}}, {ID: "c", Requests: []int32{0}}}},
			"a 1, b 2, c +0, again"},
		"a wish against a pin":           {Group{Tasks: 4, Members: []Member{a, with(b, func(m *Member) { m.Requests = []int32{0} })}, Pins: map[int32]string{0: "h1"}}, "a 0 1, b 2 3"},
		"wishes for tasks that aren't":   {Group{Tasks: 4, Members: []Member{with(a, func(m *Member) { m.Requests = []int32{-1, 4, math.MaxInt32} }), b}}, "a 0 1, b 2 3"},
		"a wish of a member that leaves": {Group{Tasks: 2, Members: []Member{a, {ID: "b", Leaving: true, Requests: []int32{0}}}}, "a 0 1, b"},
		"standbys are on other hosts":    {Group{Tasks: 3, Standbys: 1, Members: []Member{empty("a", "h1"), empty("b", "h1"), empty("c", "h2")}}, "a 1 (0), b 2, c 0 (1) (2)"},
		"there is only one host":         {Group{Tasks: 2, Standbys: 1, Members: []Member{empty("a", "h1"), empty("b", "h1")}}, "a 0 (1), b 1 (0)"},
		"more standbys than members":     {Group{Tasks: 1, Standbys: math.MaxInt, Members: []Member{empty("a", ""), empty("b", ""), empty("c", "")}}, "a 0, b (0), c (0)"},
		"a standby where most of the state is": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b"}, {ID: "c", State: map[int32]int64{0: 5}}}},
			"a 0, b, c (0)"},
		"the standby that is left over, where fewer tasks are": {Group{Tasks: 4, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0, 1}}, {ID: "b", Tasks: []int32{2}}, {ID: "c", Tasks: []int32{3}}}},
			"a 0 1 (2), b 2 (0) (3), c 3 (1)"},
		"fewer standbys than before": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0}}, {ID: "b", Standbys: []int32{0}, State: map[int32]int64{0: 3}}, {ID: "c", Standbys: []int32{0}, State: map[int32]int64{0: 5}}}},
			"a 0, b, c (0)"},
		"a standby too many goes where most of its state is": {Group{Tasks: 6, Standbys: 1, Members: []Member{
			{ID: "a", Tasks: []int32{4, 5}, Standbys: []int32{0, 1, 2}, State: map[int32]int64{0: 9, 1: 9}},
			{ID: "b", Tasks: []int32{0, 1}, Standbys: []int32{3, 4}},
			{ID: "c", Tasks: []int32{2, 3}, Standbys: []int32{5}, State: map[int32]int64{1: 5}}}},
			"a 4 5 (0) (2), b 0 1 (3) (4), c 2 3 (1) (5)"},
		"a former owner follows what it had":   {Group{Tasks: 3, Standbys: 1, Members: []Member{{ID: "a", Tasks: []int32{0, 1, 2}}, {ID: "b", Tasks: nil}, {ID: "c"}}}, "a 0 (2), b +1 (0), c +2 (1), again"},
		"a standby that becomes owner is none": {Group{Tasks: 1, Standbys: 1, Members: []Member{{ID: "a", Standbys: []int32{0}, State: map[int32]int64{0: 3}}, {ID: "b"}}}, "a 0, b (0)"},
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
			if err := checkShares(test.group, out); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestShareRefuses(t *testing.T) {
	for want, g := range map[string]Group{
		`share tasks: two members have the id "a"; each needs one of its own`:   {Members: []Member{{ID: "a"}, {ID: "b"}, {ID: "a"}}},
		"share tasks: a member has no id; each needs one of its own that lasts": {Members: []Member{{Host: "h"}}},
		"share tasks: -1 tasks with 0 standbys each; neither can be negative":   {Tasks: -1},
		"share tasks: 1 tasks with -2 standbys each; neither can be negative":   {Tasks: 1, Standbys: -2},
	} {
		if _, err := Assign(g); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestAWayHasATaskOnce(t *testing.T) {
	way := []hop{{task: 1, from: 1, to: 2}, {task: 2, from: 0, to: 1}}
	if !possible(way) {
		t.Error("two tasks can be handed on at a time")
	}
	if way[1].task = 1; possible(way) {
		t.Error("the same task can't be handed on twice")
	}
}
