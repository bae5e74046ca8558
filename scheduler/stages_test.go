package scheduler_test

import (
	"slices"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestStages_NamesAndOrder(t *testing.T) {
	tests := map[string]struct {
		record func(r *graphtest.Recorder)
		want   []string
	}{
		"one topic is read once": {func(r *graphtest.Recorder) {
			r.Output(r.Input("a"), "x")
			r.Output(r.Input("a"), "y")
		}, []string{"a"}},
		"two topics, two stages": {func(r *graphtest.Recorder) {
			r.Output(r.Input("a"), "x")
			r.Output(r.Input("b"), "x")
		}, []string{"a", "b"}},
		"all readers of a repartition are one stage": {func(r *graphtest.Recorder) {
			p := r.PartitionBy(r.Input("a"), "p")
			r.Output(r.Table(p, "t"), "x")
			r.Output(r.Table(p, "u"), "y")
		}, []string{"a", "p"}},
		"upstream first, whatever was recorded first": {func(r *graphtest.Recorder) {
			b := r.Input("b")
			p := r.PartitionBy(r.Input("a"), "p")
			r.Output(r.Table(r.Merge(b, p), "t"), "x")
		}, []string{"a", "p"}},
		"the first of several repartitions gives the name": {func(r *graphtest.Recorder) {
			p, q := r.PartitionBy(r.Input("a"), "z"), r.PartitionBy(r.Input("b"), "y")
			r.Output(r.Table(r.Merge(q, p), "t"), "x")
		}, []string{"a", "b", "z"}},
		"a topic called as a repartition": {func(r *graphtest.Recorder) {
			r.Output(r.Table(r.PartitionBy(r.Input("users"), "users"), "t"), "x")
		}, []string{"users-input", "users"}},
		"a repartition to the same key": {func(r *graphtest.Recorder) {
			p := r.PartitionBy(r.Input("a"), "p")
			q := r.PartitionBy(p, "q")
			r.Graph.Nodes[q].SameKey = true
			r.Output(r.Table(q, "t"), "x")
		}, []string{"a", "p"}},
		"a topic that is read on both sides of a repartition is read twice": {func(r *graphtest.Recorder) {
			p := r.PartitionBy(r.Input("a"), "p")
			r.Output(r.Table(r.Merge(p, r.Input("a")), "t"), "x")
		}, []string{"a", "p"}},
		"straight from a repartition to a topic": {func(r *graphtest.Recorder) {
			r.Output(r.PartitionBy(r.Input("a"), "p"), "x")
		}, []string{"a", "p"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			tt.record(r)
			p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 2, "users", 2), scheduler.Options{})
			if got := graphtest.StageNames(p); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRepartition_ToTheSameKeyStaysInItsStage(t *testing.T) {
	p := graphtest.MustBuild(t, graphtest.Scenarios()["fanout"].Graph, graphtest.Exist("clicks", 8, "impressions", 4, "ads", 6), scheduler.Options{})
	again := slices.IndexFunc(p.Nodes, func(n scheduler.Node) bool { return n.SameKey })
	table := slices.IndexFunc(p.Nodes, func(n scheduler.Node) bool { return n.Kind == graphtest.KindTable })
	for _, s := range p.Stages {
		if slices.Contains(s.Nodes, again) != slices.Contains(s.Nodes, table) {
			t.Errorf("stage %s has the repartition or what follows it, not both", s.Name)
		}
	}
	if slices.ContainsFunc(p.Topics, func(t scheduler.Topic) bool { return t.Name == "ads-ad-again" }) {
		t.Error("it has a topic")
	}
}

func TestStages_Containers(t *testing.T) {
	for _, test := range []struct {
		options scheduler.Options
		want    []int
	}{
		{scheduler.Options{}, []int{1, 1}},
		{scheduler.Options{Containers: 3}, []int{3, 3}},
		{scheduler.Options{Containers: 3, StageContainers: map[string]int{"by-user": 2}}, []int{3, 2}},
		{scheduler.Options{StageContainers: map[string]int{"page-views": 9}}, []int{4, 1}}, // no more than tasks
	} {
		p := graphtest.MustBuild(t, graphtest.Pageviews(), graphtest.Exist("page-views", 4), test.options)
		var got []int
		for i := range p.Stages {
			got = append(got, p.Stages[i].Containers)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.options, got, test.want)
		}
	}
	p := graphtest.MustBuild(t, graphtest.Pageviews(), graphtest.Exist("page-views", 4), scheduler.Options{})
	if s, err := p.Stage("by-user"); err != nil || s != &p.Stages[1] {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := p.Stage("other"); err == nil || err.Error() != `there is no stage "other"; the stages are: page-views, by-user` {
		t.Errorf("another one: %v", err)
	}
}

func TestFingerprint_CoversWhatStateDependsOn(t *testing.T) {
	base := graphtest.MustBuild(t, graphtest.Pageviews(), graphtest.Exist("page-views", 4), scheduler.Options{}).Fingerprint
	change := func(f func(g *scheduler.Graph, m *scheduler.Metadata, o *scheduler.Options)) string {
		g, m, o := graphtest.Pageviews(), graphtest.Exist("page-views", 4, "pageviews-by-user", 4), scheduler.Options{}
		f(&g, &m, &o)
		return graphtest.MustBuild(t, g, m, o).Fingerprint
	}
	same := map[string]func(g *scheduler.Graph, m *scheduler.Metadata, o *scheduler.Options){
		"what exists":          func(*scheduler.Graph, *scheduler.Metadata, *scheduler.Options) {},
		"containers":           func(_ *scheduler.Graph, _ *scheduler.Metadata, o *scheduler.Options) { o.Containers = 4 },
		"position in the code": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.Nodes[3].At = "other.go:9" },
		"grace": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) {
			g.Nodes[3].Params[1].Value = "1h"
		},
		"stateless operator": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) {
			g.Nodes[1].Kind = graphtest.KindFlatMap
		},
		"an input that has grown, of a stage without state": func(_ *scheduler.Graph, m *scheduler.Metadata, _ *scheduler.Options) {
			m.Partitions["page-views"] = 8
		},
	}
	for name, f := range same {
		if got := change(f); got != base {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	differ := map[string]func(g *scheduler.Graph, m *scheduler.Metadata, o *scheduler.Options){
		"app":                     func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.App = "other" },
		"name of the repartition": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.Nodes[2].Name = "other" },
		"its key":                 func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.Nodes[2].Key = "int64" },
		"its partitions": func(_ *scheduler.Graph, m *scheduler.Metadata, _ *scheduler.Options) {
			m.Partitions["pageviews-by-user"] = 8
		},
		"name of the store": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.Nodes[3].Name = "other" },
		"serde of the store": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) {
			g.Nodes[3].Stores[0].Value = "string"
		},
		"size of the window": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) {
			g.Nodes[3].Params[0].Value = "1h"
		},
		"output": func(g *scheduler.Graph, _ *scheduler.Metadata, _ *scheduler.Options) { g.Nodes[4].Topic = "other" },
	}
	for name, f := range differ {
		if got := change(f); got == base {
			t.Errorf("%s doesn't change the fingerprint", name)
		}
	}
}

func TestBuild_CopiesTheGraph(t *testing.T) {
	g := graphtest.Pageviews()
	p := graphtest.MustBuild(t, g, graphtest.Exist("page-views", 4), scheduler.Options{})
	want := draw.Text(p)
	g.Nodes[0].Topic, g.Nodes[1].From[0].Node, g.Nodes[3].Params[0].Name, g.Nodes[3].Stores[0].Key = "x", 9, "x", "x"
	if draw.Text(p) != want || p.Nodes[1].From[0].Node != 0 || p.Nodes[3].Params[0].Name != "size" || p.Nodes[3].Stores[0].Key != "string" {
		t.Error("the plan changed with the graph")
	}
}
