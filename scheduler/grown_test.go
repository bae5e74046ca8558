package scheduler_test

import (
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

// grownOf returns the number of new partitions of each input of the first stage.
func grownOf(p *scheduler.Plan) map[string]int32 {
	grown := map[string]int32{}
	for _, in := range p.Stages[0].Inputs {
		grown[in.Topic] = in.Grown
	}
	return grown
}

func TestGoOn_CountsNewPartitions(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Table(r.PartitionBy(r.Input("a"), "p"), "t"), "out")
	plan := func(partitions int) *scheduler.Plan {
		return graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", partitions, "app-a-meta", 2, "app-p", 2, "app-t-changelog", 2), scheduler.Options{})
	}
	first := plan(2)
	second := plan(5).GoOn(first)
	third := plan(8).GoOn(second)
	for want, p := range map[int32]*scheduler.Plan{0: first, 3: second, 6: third} {
		if got := grownOf(p)["a"]; got != want {
			t.Errorf("of %d partitions %d have come later, not %d", p.Stages[0].Tasks, got, want)
		}
		if v := compare.Plans(first, p); (v.Kind != compare.Same && v.Kind != compare.Compatible) || p.Stages[1].Tasks != 2 {
			t.Errorf("%s, with %d tasks behind", v.Text(), p.Stages[1].Tasks)
		}
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := scheduler.ParsePlan(b); err != nil || grownOf(again)["a"] != want {
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

// A topic that is new to a pattern is new as a whole. A topic that is named is read
// from its start.
func TestGoOn_CountsNewTopicsOfAPattern(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Merge(r.Matching("m", "a[0-9]"), r.Input("b")), "out")
	first := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a1", 2, "b", 2), scheduler.Options{})
	r = graphtest.New("app")
	r.Output(r.Merge(r.Matching("m", "a[0-9]"), r.Inputs("b", "c")), "out")
	second := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a1", 2, "a2", 3, "b", 2, "c", 1), scheduler.Options{}).GoOn(first)
	got := grownOf(second)
	if want := map[string]int32{"a1": 0, "a2": 3, "b": 0, "c": 0}; len(got) != 4 || got["a2"] != 3 || got["c"] != 0 || got["a1"] != 0 {
		t.Errorf("new are %v, not %v", got, want)
	}
}
