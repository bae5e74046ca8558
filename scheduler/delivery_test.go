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

// input finds an input of a stage.
func input(t *testing.T, s *scheduler.Stage, topic string) scheduler.Input {
	t.Helper()
	i := slices.IndexFunc(s.Inputs, func(in scheduler.Input) bool { return in.Topic == topic })
	if i < 0 {
		t.Fatalf("stage %s doesn't read %s", s.Name, topic)
	}
	return s.Inputs[i]
}

func topicNamed(t *testing.T, p *scheduler.Plan, name string) scheduler.Topic {
	t.Helper()
	i := slices.IndexFunc(p.Topics, func(topic scheduler.Topic) bool { return topic.Name == name })
	if i < 0 {
		t.Fatalf("the plan has no topic %s", name)
	}
	return p.Topics[i]
}

// rated views: each task reads all rates, whatever the numbers of partitions.
func rated() *graphtest.Recorder {
	r := graphtest.New("app")
	rates := r.BroadcastInput("rates")
	r.Output(r.Join("rate", r.PartitionBy(r.Input("views"), "by-user"), rates), "rated")
	return r
}

func TestBroadcastInput_NeedsNoEqualPartitions(t *testing.T) {
	p := graphtest.MustBuild(t, rated().Graph, graphtest.Exist("views", 4, "rates", 7), scheduler.Options{})
	if got := graphtest.StageNames(p); !slices.Equal(got, []string{"views", "by-user"}) {
		t.Fatalf("stages %v", got)
	}
	s := &p.Stages[1]
	if in := input(t, s, "rates"); in.Delivery != scheduler.DeliverBroadcast || in.Partitions != 7 || s.Tasks != 4 {
		t.Errorf("%d tasks, input %+v", s.Tasks, in)
	}
	if !strings.Contains(draw.Text(p), "reads   rates, 7 partitions, all of it in each task") {
		t.Error(draw.Text(p))
	}
}

func TestBroadcastInput_MayGrow(t *testing.T) {
	r := rated()
	old := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 4, "rates", 7), scheduler.Options{})
	now := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 4, "rates", 9), scheduler.Options{})
	if v := compare.Plans(old, now); v.Kind != compare.Compatible || len(v.Changes) != 1 || old.Fingerprint != now.Fingerprint {
		t.Error(v.Text())
	}
	if grown := now.GoOn(old); input(t, &grown.Stages[1], "rates").Grown != 2 {
		t.Error("its new partitions aren't new")
	}
}

func TestBroadcastInput_UnitesNoStages(t *testing.T) {
	r := graphtest.New("app")
	for _, topic := range []string{"a", "b"} {
		r.Output(r.Join("join-"+topic, r.Input(topic), r.BroadcastInput("rates")), "out-"+topic)
	}
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 3, "rates", 1), scheduler.Options{})
	if got := graphtest.StageNames(p); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("stages %v", got)
	}
}

func TestBroadcastInput_AloneMakesOneTask(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Table(r.BroadcastInput("rates"), "t"), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("rates", 7), scheduler.Options{Containers: 5})
	if s := p.Stages[0]; s.Name != "rates" || s.Tasks != 1 || s.Containers != 1 {
		t.Errorf("stage %+v", s)
	}
}

func TestBroadcastInput_IsRefusedBesideItsPartitions(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Join("j", r.Input("a"), r.BroadcastInput("a")), "out")
	_, err := scheduler.Build(r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	want := `main.go:2: topic "a" is broadcast to the tasks of stage "a", at main.go:2, which read its partitions, too, at main.go:1; ` +
		`call PartitionBy on one of the two streams before they meet`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBroadcast_HasAPartitionForEachTask(t *testing.T) {
	r := graphtest.New("app")
	rules := r.Broadcast(r.Input("rules"), "all-rules")
	r.Output(r.Join("check", r.Input("views"), rules), "checked")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 6, "rules", 1), scheduler.Options{Partitions: 3})
	if got := graphtest.StageNames(p); !slices.Equal(got, []string{"rules", "views"}) {
		t.Fatalf("stages %v", got)
	}
	if in := input(t, &p.Stages[1], "app-all-rules"); in.Partitions != 6 || in.Producers != 1 || in.Delivery != scheduler.DeliverBroadcast || p.Stages[1].Tasks != 6 {
		t.Errorf("input %+v", in)
	}
	if topic := topicNamed(t, p, "app-all-rules"); topic.Partitions != 6 || !topic.Create || topic.Grow {
		t.Errorf("topic %+v", topic)
	}
	if !strings.Contains(draw.Text(p), "reads   app-all-rules, 6 partitions, written by 1 task, each record once for each task") {
		t.Error(draw.Text(p))
	}
}

// Its topic follows a stage that may grow, and never shrinks.
func TestBroadcast_FollowsTheStageThatReadsIt(t *testing.T) {
	r := graphtest.New("app")
	rules := r.Broadcast(r.Input("rules"), "all-rules")
	r.Output(r.LookUp(r.Input("views"), rules), "checked")
	old := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 4, "rules", 1), scheduler.Options{})
	now := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 6, "rules", 1, "app-all-rules", 4), scheduler.Options{})
	if topic := topicNamed(t, now, "app-all-rules"); topic.Partitions != 6 || !topic.Grow || topic.Create {
		t.Errorf("topic %+v", topic)
	}
	if v := compare.Plans(old, now); v.Kind != compare.Compatible || old.Fingerprint != now.Fingerprint {
		t.Error(v.Text())
	}
	less := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 4, "rules", 1, "app-all-rules", 6), scheduler.Options{})
	if topic := topicNamed(t, less, "app-all-rules"); topic.Partitions != 6 || topic.Grow || less.Stages[1].Tasks != 4 {
		t.Errorf("topic %+v for %d tasks", topic, less.Stages[1].Tasks)
	}
}

func TestDelivery_AsksForARestartWhenItChanges(t *testing.T) {
	old := graphtest.MustBuild(t, rated().Graph, graphtest.Exist("views", 4, "rates", 4), scheduler.Options{})
	r := rated()
	r.Graph.Nodes[0].Delivery = scheduler.DeliverPartition
	now := graphtest.MustBuild(t, r.Graph, graphtest.Exist("views", 4, "rates", 4), scheduler.Options{})
	if v := compare.Plans(old, now); v.Kind != compare.Restart || old.Fingerprint == now.Fingerprint {
		t.Error(v.Text())
	}
}

// profiled looks views up in a table of users, in two stages.
func profiled() *graphtest.Recorder {
	r := graphtest.New("app")
	users := r.GlobalTable("users", "all-users")
	views := r.LookUp(r.Input("views"), users)
	r.Output(r.LookUp(r.Table(r.PartitionBy(views, "by-page"), "pages"), users), "out")
	return r
}

func TestGlobalTable_BelongsToNoStage(t *testing.T) {
	p := graphtest.MustBuild(t, profiled().Graph, graphtest.Exist("views", 4, "all-users", 3), scheduler.Options{})
	if got := graphtest.StageNames(p); !slices.Equal(got, []string{"views", "by-page"}) {
		t.Fatalf("stages %v", got)
	}
	for i := range p.Stages {
		s := &p.Stages[i]
		in := input(t, s, "all-users")
		if in.Delivery != scheduler.DeliverGlobal || in.Partitions != 3 || !slices.Equal(in.Nodes, []int{0}) || s.Tasks != 4 || slices.Contains(s.Nodes, 0) {
			t.Errorf("stage %s, input %+v", s.Name, in)
		}
		if len(s.Stores) > 1 {
			t.Errorf("stores %+v", s.Stores)
		}
	}
	if err := p.Verify(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(draw.Text(p), "reads   all-users, 3 partitions, a global table") {
		t.Error(draw.Text(p))
	}
}

func TestGlobalTable_MayBeReadByAStageOfItsTopic(t *testing.T) {
	r := graphtest.New("app")
	users := r.GlobalTable("users", "a")
	r.Output(r.LookUp(r.Input("a"), users), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 3), scheduler.Options{})
	if s := p.Stages[0]; len(s.Inputs) != 2 || s.Tasks != 3 || s.Name != "a" {
		t.Errorf("stage %+v", s)
	}
	r.Graph.Nodes[1].Delivery = scheduler.DeliverBroadcast
	p, q := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 3), scheduler.Options{}), graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 4), scheduler.Options{})
	v := compare.Plans(p, q)
	if v.Kind != compare.Compatible || len(v.Changes) != 2 || v.Changes[0].Name != "a of global table users" || v.Changes[1].Name != "a" {
		t.Error(v.Text())
	}
}

func TestGlobalTable_Mistakes(t *testing.T) {
	tests := map[string]struct {
		record func(r *graphtest.Recorder)
		want   string
	}{
		"never used": {func(r *graphtest.Recorder) {
			r.GlobalTable("users", "users")
			r.Output(r.Input("a"), "out")
		}, `main.go:1: global table "users" is never used: look it up in an operator, or leave it out`},
		"read as a stream": {func(r *graphtest.Recorder) { r.Output(r.GlobalTable("users", "users"), "out") },
			`main.go:2: node 1 (output): it gets records from global tables alone, which are for look-ups`},
		"no name": {func(r *graphtest.Recorder) { r.Output(r.LookUp(r.Input("a"), r.GlobalTable("", "users")), "out") },
			`main.go:2: input: a name is missing`},
		"no topic": {func(r *graphtest.Recorder) { r.Output(r.LookUp(r.Input("a"), r.GlobalTable("users", "none")), "out") },
			`main.go:2: topic "none" does not exist: fill it from a file with -feed none=FILE, or create it on the broker`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			tt.record(r)
			_, err := scheduler.Build(r.Graph, graphtest.Exist("a", 2, "users", 1), scheduler.Options{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestInput_BootstrapAndPriority(t *testing.T) {
	r := graphtest.New("app")
	first, second := r.Input("a"), r.Input("a")
	r.Graph.Nodes[first].Bootstrap, r.Graph.Nodes[second].Priority = true, 3
	r.Output(r.Merge(first, second), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	if in := p.Stages[0].Inputs[0]; !in.Bootstrap || in.Priority != 3 {
		t.Errorf("input %+v", in)
	}
	if !strings.Contains(draw.Text(p), "reads   a, 2 partitions, before the others, priority 3") {
		t.Error(draw.Text(p))
	}
	r.Graph.Nodes[first].Bootstrap, r.Graph.Nodes[second].Priority = false, 0
	now := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	if v := compare.Plans(p, now); v.Kind != compare.Compatible || len(v.Changes) != 1 || v.Changes[0].From != "bootstrap; priority 3" {
		t.Error(v.Text())
	}
}

func TestStores_SeveralOfANode(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Join("match", r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 2), scheduler.Options{})
	want := []scheduler.Store{
		{Name: "match-left", Changelog: "app-match-left-changelog", Node: 4, Index: 0, Schema: "entries; string to string"},
		{Name: "match-right", Changelog: "app-match-right-changelog", Node: 4, Index: 1, Schema: "entries; string to int64"},
	}
	got := p.Stages[2].Stores
	if !slices.Equal(got, want) {
		t.Fatalf("got %+v", got)
	}
	if spec := p.Spec(&got[1]); spec.Name != "right" || spec.Value != "int64" {
		t.Errorf("spec %+v", spec)
	}
	r.Graph.Nodes[4].Params[0].Value = "1h0m0s" // told once, not for each store
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

// Shapes are part of the plan, and change neither verdicts nor fingerprints yet.
func TestShapes_ArePartOfThePlan(t *testing.T) {
	g := graphtest.Pageviews()
	p := graphtest.MustBuild(t, g, graphtest.Exist("page-views", 4), scheduler.Options{})
	g.Nodes[0].ValueShape, g.Nodes[2].KeyShape, g.Nodes[3].Stores[0].ValueShape = shape.For[int](), shape.For[string](), shape.For[[]string]()
	q := graphtest.MustBuild(t, g, graphtest.Exist("page-views", 4), scheduler.Options{})
	if v := compare.Plans(p, q); v.Kind != compare.Same || p.Fingerprint != q.Fingerprint {
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
