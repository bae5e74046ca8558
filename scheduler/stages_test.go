package scheduler

import (
	"slices"
	"testing"
)

// stageNames are the names of the plan's stages, in order.
func stageNames(p *Plan) []string {
	var names []string
	for _, s := range p.Stages {
		names = append(names, s.Name)
	}
	return names
}

func mustBuild(t *testing.T, g Graph, m Metadata, o Options) *Plan {
	t.Helper()
	p, err := Build(g, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStages(t *testing.T) {
	tests := map[string]struct {
		record func(r *recorder)
		want   []string
	}{
		"one topic is read once": {func(r *recorder) {
			r.output(r.input("a"), "x")
			r.output(r.input("a"), "y")
		}, []string{"a"}},
		"two topics, two stages": {func(r *recorder) {
			r.output(r.input("a"), "x")
			r.output(r.input("b"), "x")
		}, []string{"a", "b"}},
		"all readers of a repartition are one stage": {func(r *recorder) {
			p := r.partitionBy(r.input("a"), "p")
			r.output(r.table(p, "t"), "x")
			r.output(r.table(p, "u"), "y")
		}, []string{"a", "p"}},
		"upstream first, whatever was recorded first": {func(r *recorder) {
			b := r.input("b")
			p := r.partitionBy(r.input("a"), "p")
			r.output(r.table(r.merge(b, p), "t"), "x")
		}, []string{"a", "p"}},
		"the first of several repartitions gives the name": {func(r *recorder) {
			p, q := r.partitionBy(r.input("a"), "z"), r.partitionBy(r.input("b"), "y")
			r.output(r.table(r.merge(q, p), "t"), "x")
		}, []string{"a", "b", "z"}},
		"a topic called as a repartition": {func(r *recorder) {
			r.output(r.table(r.partitionBy(r.input("users"), "users"), "t"), "x")
		}, []string{"users-input", "users"}},
		"a repartition to the same key": {func(r *recorder) {
			p := r.partitionBy(r.input("a"), "p")
			q := r.partitionBy(p, "q")
			r.g.Nodes[q].SameKey = true
			r.output(r.table(q, "t"), "x")
		}, []string{"a", "p"}},
		"a topic that is read on both sides of a repartition is read twice": {func(r *recorder) {
			p := r.partitionBy(r.input("a"), "p")
			r.output(r.table(r.merge(p, r.input("a")), "t"), "x")
		}, []string{"a", "p"}},
		"straight from a repartition to a topic": {func(r *recorder) {
			r.output(r.partitionBy(r.input("a"), "p"), "x")
		}, []string{"a", "p"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newApp("app")
			tt.record(r)
			p := mustBuild(t, r.g, exist("a", 2, "b", 2, "users", 2), Options{})
			if got := stageNames(p); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSameKeyRepartitionStaysInItsStage(t *testing.T) {
	p := mustBuild(t, fanout(), exist("clicks", 8, "impressions", 4, "ads", 6), Options{})
	again := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.SameKey })
	table := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.Kind == kindTable })
	for _, s := range p.Stages {
		if slices.Contains(s.Nodes, again) != slices.Contains(s.Nodes, table) {
			t.Errorf("stage %s has the repartition or what follows it, not both", s.Name)
		}
	}
	if slices.ContainsFunc(p.Topics, func(t Topic) bool { return t.Name == "ads-ad-again" }) {
		t.Error("it has a topic")
	}
}

func TestContainersOfStages(t *testing.T) {
	for _, test := range []struct {
		options Options
		want    []int
	}{
		{Options{}, []int{1, 1}},
		{Options{Containers: 3}, []int{3, 3}},
		{Options{Containers: 3, StageContainers: map[string]int{"by-user": 2}}, []int{3, 2}},
		{Options{StageContainers: map[string]int{"page-views": 9}}, []int{4, 1}}, // no more than tasks
	} {
		p := mustBuild(t, pageviews(), exist("page-views", 4), test.options)
		var got []int
		for i := range p.Stages {
			got = append(got, p.Stages[i].Containers)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.options, got, test.want)
		}
	}
	p := mustBuild(t, pageviews(), exist("page-views", 4), Options{})
	if s, err := p.Stage("by-user"); err != nil || s != &p.Stages[1] {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := p.Stage("other"); err == nil || err.Error() != `there is no stage "other"; there are: page-views, by-user` {
		t.Errorf("another one: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	base := mustBuild(t, pageviews(), exist("page-views", 4), Options{}).Fingerprint
	change := func(f func(g *Graph, m *Metadata, o *Options)) string {
		g, m, o := pageviews(), exist("page-views", 4, "pageviews-by-user", 4), Options{}
		f(&g, &m, &o)
		return mustBuild(t, g, m, o).Fingerprint
	}
	same := map[string]func(g *Graph, m *Metadata, o *Options){
		"what exists":          func(*Graph, *Metadata, *Options) {},
		"containers":           func(_ *Graph, _ *Metadata, o *Options) { o.Containers = 4 },
		"position in the code": func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[3].At = "other.go:9" },
		"grace":                func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[3].Params[1].Value = "1h" },
		"stateless operator":   func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[1].Kind = kindFlatMap },
		"an input that has grown, of a stage without state": func(_ *Graph, m *Metadata, _ *Options) {
			m.Partitions["page-views"] = 8
		},
	}
	for name, f := range same {
		if got := change(f); got != base {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	differ := map[string]func(g *Graph, m *Metadata, o *Options){
		"app":                     func(g *Graph, _ *Metadata, _ *Options) { g.App = "other" },
		"name of the repartition": func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[2].Name = "other" },
		"its key":                 func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[2].Key = "int64" },
		"its partitions":          func(_ *Graph, m *Metadata, _ *Options) { m.Partitions["pageviews-by-user"] = 8 },
		"name of the store":       func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[3].Name = "other" },
		"serde of the store":      func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[3].Stores[0].Value = "string" },
		"size of the window":      func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[3].Params[0].Value = "1h" },
		"output":                  func(g *Graph, _ *Metadata, _ *Options) { g.Nodes[4].Topic = "other" },
	}
	for name, f := range differ {
		if got := change(f); got == base {
			t.Errorf("%s doesn't change the fingerprint", name)
		}
	}
}

func TestPlanSharesNothingWithTheGraph(t *testing.T) {
	g := pageviews()
	p := mustBuild(t, g, exist("page-views", 4), Options{})
	want := p.Text()
	g.Nodes[0].Topic, g.Nodes[1].From[0].Node, g.Nodes[3].Params[0].Name, g.Nodes[3].Stores[0].Key = "x", 9, "x", "x"
	if p.Text() != want || p.Nodes[1].From[0].Node != 0 || p.Nodes[3].Params[0].Name != "size" || p.Nodes[3].Stores[0].Key != "string" {
		t.Error("the plan changed with the graph")
	}
}
