package scheduler

import "testing"

// grownOf is how many partitions of each input of the first stage have come later.
func grownOf(p *Plan) map[string]int32 {
	grown := map[string]int32{}
	for _, in := range p.Stages[0].Inputs {
		grown[in.Topic] = in.Grown
	}
	return grown
}

func TestInputsGrow(t *testing.T) {
	r := newApp("app")
	r.output(r.table(r.partitionBy(r.input("a"), "p"), "t"), "out")
	plan := func(partitions int) *Plan {
		return mustBuild(t, r.g, exist("a", partitions, "app-a-meta", 2, "app-p", 2, "app-t-changelog", 2), Options{})
	}
	first := plan(2)
	second := plan(5).GoOn(first)
	third := plan(8).GoOn(second)
	for want, p := range map[int32]*Plan{0: first, 3: second, 6: third} {
		if got := grownOf(p)["a"]; got != want {
			t.Errorf("of %d partitions %d have come later, not %d", p.Stages[0].Tasks, got, want)
		}
		if v := Compare(first, p); v.Kind.worse(Compatible) || p.Stages[1].Tasks != 2 {
			t.Errorf("%s, with %d tasks behind", v.Text(), p.Stages[1].Tasks)
		}
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParsePlan(b); err != nil || grownOf(again)["a"] != want {
			t.Errorf("as JSON it is another: %v, %v", again, err)
		}
	}
	if again := plan(8).GoOn(third); grownOf(again)["a"] != 6 {
		t.Errorf("a restart makes %d of them new", grownOf(again)["a"])
	}
	for _, topic := range third.Topics {
		if grow := topic.Name == "app-a-meta"; topic.Grow != grow || grow && topic.Partitions != 8 {
			t.Errorf("topic %+v", topic)
		}
	}
}

// A topic that matches a pattern later is new as a whole; one that is named is read
// from where it starts.
func TestInputsCome(t *testing.T) {
	r := newApp("app")
	r.output(r.merge(r.matching("m", "a[0-9]"), r.input("b")), "out")
	first := mustBuild(t, r.g, exist("a1", 2, "b", 2), Options{})
	r = newApp("app")
	r.output(r.merge(r.matching("m", "a[0-9]"), r.inputs("b", "c")), "out")
	second := mustBuild(t, r.g, exist("a1", 2, "a2", 3, "b", 2, "c", 1), Options{}).GoOn(first)
	got := grownOf(second)
	if want := map[string]int32{"a1": 0, "a2": 3, "b": 0, "c": 0}; len(got) != 4 || got["a2"] != 3 || got["c"] != 0 || got["a1"] != 0 {
		t.Errorf("new are %v, not %v", got, want)
	}
}
