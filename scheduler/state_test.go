package scheduler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
	"github.com/gretestream/grete/stream/serde/shape"
)

func TestStores_SeveralOfANode(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Join("match", r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 2), scheduler.Options{})
	want := []scheduler.Store{
		{Name: "match-left", Changelog: "app-match-left-changelog", Node: 4, Index: 0, Schema: "entries; keys string", Value: "string"},
		{Name: "match-right", Changelog: "app-match-right-changelog", Node: 4, Index: 1, Schema: "entries; keys string", Value: "int64"},
	}
	got := p.Stages[2].Stores
	if !slices.Equal(got, want) {
		t.Fatalf("got %+v", got)
	}
	if spec := p.Spec(&got[1]); spec.Name != "right" || spec.Value != "int64" {
		t.Errorf("spec %+v", spec)
	}
	r.Graph.Nodes[4].Params[0].Value = "1h0m0s" // reported once, not for each store
	if v := compare.Plans(p, graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 2), scheduler.Options{})); v.Kind != compare.Compatible || len(v.Changes) != 1 {
		t.Error(v.Text())
	}
	r.Graph.Nodes[4].Params[0].Value, r.Graph.Nodes[4].Params[1].Value = "10m0s", "other"
	if v := compare.Plans(p, graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 2), scheduler.Options{})); v.Kind != compare.Same {
		t.Error(v.Text())
	}
}

func TestStores_NamesClash(t *testing.T) {
	r := graphtest.New("app")
	p := r.PartitionBy(r.Input("a"), "p")
	r.Output(r.Join("match", p, p), "out")
	r.Output(r.Table(p, "match-left"), "out")
	_, err := scheduler.Build(r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	if want := `main.go:5: table "match-left": its store would have the name "match-left", as a store of join "match" has; choose another name`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	r = graphtest.New("app")
	r.Output(r.Join("match", r.Input("a"), r.Input("a")), "app-match-left-changelog")
	_, err = scheduler.Build(r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	if want := `main.go:3: join "match" needs topic "app-match-left-changelog" for itself, but that is also an output; choose another name`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestPorts_AreShownAndCompared(t *testing.T) {
	build := func(port, to string) *scheduler.Plan {
		r := graphtest.New("app")
		w := r.Window(r.PartitionBy(r.Input("a"), "p"), "w")
		r.Output(w, "out")
		late := r.Side(w, port, "late")
		_ = late
		r.Graph.Nodes[r.LookUp(w, w)].From[1].To = to
		return graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	}
	p := build("late", "table")
	if text := draw.Text(p); !strings.Contains(text, "window w (late) → write late") {
		t.Error(text)
	}
	for _, q := range []*scheduler.Plan{build("early", "table"), build("late", "other")} {
		if v := compare.Plans(p, q); v.Kind != compare.Compatible || len(v.Changes) != 1 || v.Changes[0].Subject != compare.SubjectOperators || p.Fingerprint != q.Fingerprint {
			t.Error(v.Text())
		}
	}
}

// Shapes are part of the plan, and decide whether it may go on.
func TestShapes_ArePartOfThePlan(t *testing.T) {
	g := graphtest.Pageviews()
	p := graphtest.MustBuild(t, g, graphtest.Exist("page-views", 4), scheduler.Options{})
	g.Nodes[0].ValueShape, g.Nodes[2].KeyShape, g.Nodes[3].Stores[0].ValueShape = shape.For[int](), shape.For[string](), shape.For[[]string]()
	q := graphtest.MustBuild(t, g, graphtest.Exist("page-views", 4), scheduler.Options{})
	if v := compare.Plans(p, q); v.Kind != compare.Incompatible || p.Fingerprint == q.Fingerprint {
		t.Error(v.Text())
	}
	g.Nodes[3].Stores[0].ValueShape.Elem.Kind = "x"
	if q.Nodes[3].Stores[0].ValueShape.Elem.Kind != shape.String {
		t.Error("the plan shares shapes with the graph")
	}
	b, err := q.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := scheduler.ParsePlan(b); err != nil || read.Nodes[3].Stores[0].ValueShape.Elem.Kind != shape.String {
		t.Errorf("read back: %v", err)
	}
	if _, err := scheduler.Build(g, graphtest.Exist("page-views", 4), scheduler.Options{}); err == nil || !strings.Contains(err.Error(), `shapes of store "": kind "x" is unknown`) {
		t.Errorf("damaged: %v", err)
	}
}
