package share

import (
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A history is what happens to a group: members join, leave, crash and return, and in
// between tasks are assigned until nothing is left to do.
type history struct {
	group      Group // Members are those that live
	gone       []Member
	head       []int64 // of each task: the records in its changelog
	generation int32
	named      int
}

func drawHistory(t *rapid.T) *history {
	h := &history{group: Group{
		Tasks:    rapid.Int32Range(0, 24).Draw(t, "tasks"),
		Standbys: rapid.IntRange(0, 3).Draw(t, "standbys"),
		Pins:     map[int32]string{},
		Former:   map[int32]string{},
	}}
	h.head = make([]int64, h.group.Tasks)
	return h
}

func (h *history) step(t *rapid.T) {
	anyone := func() int { return rapid.IntRange(0, len(h.group.Members)-1).Draw(t, "member") }
	what := rapid.IntRange(0, 9).Draw(t, "step")
	switch {
	case what <= 1 || len(h.group.Members) == 0:
		h.join(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", ""}).Draw(t, "host"))
	case what == 2:
		h.crash(anyone())
	case what == 3:
		h.group.Members[anyone()].Leaving = true
	case what <= 5 && len(h.gone) > 0:
		i := rapid.IntRange(0, len(h.gone)-1).Draw(t, "who returns")
		m := h.gone[i]
		h.gone = slices.Delete(h.gone, i, i+1)
		m.Leaving = false
		switch rapid.IntRange(0, 2).Draw(t, "with") {
		case 0: // state
			m.Tasks, m.Pending, m.Standbys = nil, nil, nil
		case 1: // nothing
			m = Member{ID: m.ID, Host: m.Host, State: map[int32]int64{}}
		default: // claims of before: it was cut off
		}
		h.group.Members = append(h.group.Members, m)
	case what == 6 && h.group.Tasks > 0:
		task := rapid.Int32Range(0, h.group.Tasks-1).Draw(t, "pin")
		h.group.Pins[task] = rapid.SampledFrom([]string{"a", "b", "c", "z"}).Draw(t, "host")
	case what == 7:
		clear(h.group.Pins)
	case what == 8:
		m := &h.group.Members[anyone()]
		m.Requests = append(m.Requests, rapid.Int32Range(-1, h.group.Tasks).Draw(t, "request"))
	default:
		for task := range h.head {
			h.head[task] += rapid.Int64Range(0, 100).Draw(t, "records")
		}
		h.read()
	}
}

func (h *history) join(host string) {
	h.named++
	h.group.Members = append(h.group.Members, Member{ID: fmt.Sprintf("m%02d", h.named), Host: host, State: map[int32]int64{}})
}

func (h *history) crash(i int) {
	m := h.group.Members[i]
	for _, task := range m.Tasks {
		h.group.Former[task] = m.Host
	}
	h.gone = append(h.gone, m)
	h.group.Members = slices.Delete(h.group.Members, i, i+1)
}

// read brings the state of owners to the end of the changelogs, and the state of
// standbys near it.
func (h *history) read() {
	for _, m := range h.group.Members {
		for _, task := range slices.Concat(m.Pending, m.Standbys) {
			m.State[task] = max(m.State[task], h.head[task]-1)
		}
		for _, task := range m.Tasks {
			m.State[task] = h.head[task]
		}
	}
}

// assign does one round, and checks it.
func (h *history) assign(t *rapid.T) Assignment {
	out, err := Assign(h.group)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkAssignment(h.group, out); err != nil {
		t.Fatalf("%v\ngroup %+v\nassignment %+v", err, h.group, out)
	}
	h.sameInAnyOrder(t, out)
	h.generation++
	for i := range h.group.Members {
		m := &h.group.Members[i]
		part := partOf(out, m.ID)
		m.Tasks, m.Pending, m.Standbys, m.Generation = part.Tasks, part.Pending, part.Standbys, h.generation
		m.Requests = slices.DeleteFunc(m.Requests, func(task int32) bool { return !slices.Contains(part.Pending, task) })
	}
	return out
}

func (h *history) sameInAnyOrder(t *rapid.T, out Assignment) {
	g := h.group
	g.Members = slices.Clone(g.Members)
	random := rand.New(rand.NewSource(rapid.Int64().Draw(t, "order")))
	random.Shuffle(len(g.Members), func(i, j int) { g.Members[i], g.Members[j] = g.Members[j], g.Members[i] })
	g.Pins, g.Former = maps.Clone(g.Pins), maps.Clone(g.Former)
	if again, err := Assign(g); err != nil || !reflect.DeepEqual(out, again) {
		t.Fatalf("in another order %+v, before %+v: %v", again, out, err)
	}
}

func partOf(s Assignment, id string) Part {
	return s.Parts[slices.IndexFunc(s.Parts, func(p Part) bool { return p.ID == id })]
}

// settle assigns until nothing changes. That must be in the second round if nothing
// else happens.
func (h *history) settle(t *rapid.T) Assignment {
	first := h.assign(t)
	reads := rapid.Bool().Draw(t, "read between")
	if reads { // then members other than the pending owners may be fresher
		h.read()
	}
	second := h.assign(t)
	if second.Again {
		t.Fatalf("a third round is wanted\nfirst %+v\nsecond %+v", first, second)
	}
	for i, p := range first.Parts {
		all := slices.Concat(p.Tasks, p.Pending)
		slices.Sort(all)
		if !reads && !slices.Equal(all, second.Parts[i].Tasks) {
			t.Fatalf("pending tasks haven't arrived\nfirst %+v\nsecond %+v", first, second)
		}
	}
	if third := h.assign(t); !reflect.DeepEqual(second, third) {
		t.Fatalf("a third round changes something\nsecond %+v\nthird %+v", second, third)
	}
	h.read()
	return second
}

func TestAssign_OverHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			h.step(t)
			if rapid.Bool().Draw(t, "settle") {
				h.settle(t)
			}
		}
		h.settle(t)
	})
}

// drawSettled makes a group of some members, each on a host of its own, whose tasks
// are assigned.
func drawSettled(t *rapid.T) *history {
	h := drawHistory(t)
	for i := range rapid.IntRange(2, 8).Draw(t, "members") {
		h.join(fmt.Sprintf("h%d", i))
	}
	for task := range h.head {
		h.head[task] = rapid.Int64Range(10, 1000).Draw(t, "records")
	}
	h.settle(t)
	return h
}

func TestAssign_JoiningMemberTakesOnlyItsShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawSettled(t)
		before := slices.Clone(h.group.Members)
		h.join("new")
		out := h.settle(t)
		share := (int(h.group.Tasks) + len(before)) / (len(before) + 1)
		var moved int
		for _, m := range before {
			now := partOf(out, m.ID)
			for _, task := range m.Tasks {
				if !slices.Contains(now.Tasks, task) {
					moved++
				}
			}
			for _, task := range now.Tasks {
				if !slices.Contains(m.Tasks, task) {
					t.Fatalf("%s got task %d, as another one joined", m.ID, task)
				}
			}
		}
		if moved > share {
			t.Fatalf("%d tasks moved, a share is %d", moved, share)
		}
	})
}

// A standby leaves its member only for the new member, or to make room for an owner.
func TestAssign_StandbysStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawSettled(t)
		before := slices.Clone(h.group.Members)
		h.join("new")
		out := h.settle(t)
		tasks, standbys := len(out.Parts[len(before)].Tasks), len(out.Parts[len(before)].Standbys)
		var left int
		for _, m := range before {
			for _, task := range m.Standbys {
				if !slices.Contains(partOf(out, m.ID).Standbys, task) {
					left++
				}
			}
		}
		if left > standbys+tasks {
			t.Fatalf("%d standbys left their members, the new one has %d and %d tasks\n%+v\n%+v", left, standbys, tasks, before, out)
		}
	})
}

func TestAssign_ReturningHostGetsItsTasks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawSettled(t)
		i := rapid.IntRange(0, len(h.group.Members)-1).Draw(t, "who falls")
		m := h.group.Members[i]
		h.crash(i)
		h.settle(t)
		for task := range h.head {
			h.head[task] += 5
		}
		h.read()
		back := m
		back.Tasks, back.Pending, back.Standbys = nil, nil, nil
		h.group.Members = append(h.group.Members, back)
		got := partOf(h.settle(t), m.ID)
		for _, task := range got.Tasks {
			if !slices.Contains(m.Tasks, task) && h.group.Standbys == 0 {
				t.Fatalf("%s had %v and got %v", m.ID, m.Tasks, got.Tasks)
			}
		}
		if len(got.Tasks) < len(m.Tasks)-1 {
			t.Fatalf("%s had %v and got %v", m.ID, m.Tasks, got.Tasks)
		}
	})
}
