package scheduler

import (
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/serde/shape"
)

// input finds an input of a stage.
func input(t *testing.T, s *Stage, topic string) Input {
	t.Helper()
	i := slices.IndexFunc(s.Inputs, func(in Input) bool { return in.Topic == topic })
	if i < 0 {
		t.Fatalf("stage %s doesn't read %s", s.Name, topic)
	}
	return s.Inputs[i]
}

func topicNamed(t *testing.T, p *Plan, name string) Topic {
	t.Helper()
	i := slices.IndexFunc(p.Topics, func(topic Topic) bool { return topic.Name == name })
	if i < 0 {
		t.Fatalf("the plan has no topic %s", name)
	}
	return p.Topics[i]
}

// rated views: each task reads all rates, whatever the numbers of partitions.
func rated() *recorder {
	r := newApp("app")
	rates := r.broadcastInput("rates")
	r.output(r.join("rate", r.partitionBy(r.input("views"), "by-user"), rates), "rated")
	return r
}

func TestBroadcastInput_NeedsNoEqualPartitions(t *testing.T) {
	p := mustBuild(t, rated().g, exist("views", 4, "rates", 7), Options{})
	if got := stageNames(p); !slices.Equal(got, []string{"views", "by-user"}) {
		t.Fatalf("stages %v", got)
	}
	s := &p.Stages[1]
	if in := input(t, s, "rates"); in.Delivery != DeliverBroadcast || in.Partitions != 7 || s.Tasks != 4 {
		t.Errorf("%d tasks, input %+v", s.Tasks, in)
	}
	if !strings.Contains(p.Text(), "reads   rates, 7 partitions, all of it in each task") {
		t.Error(p.Text())
	}
}

func TestBroadcastInput_MayGrow(t *testing.T) {
	r := rated()
	old := mustBuild(t, r.g, exist("views", 4, "rates", 7), Options{})
	now := mustBuild(t, r.g, exist("views", 4, "rates", 9), Options{})
	if v := Compare(old, now); v.Kind != Compatible || len(v.Changes) != 1 || old.Fingerprint != now.Fingerprint {
		t.Error(v.Text())
	}
	if grown := now.GoOn(old); input(t, &grown.Stages[1], "rates").Grown != 2 {
		t.Error("its new partitions aren't new")
	}
}

func TestBroadcastInput_UnitesNoStages(t *testing.T) {
	r := newApp("app")
	for _, topic := range []string{"a", "b"} {
		r.output(r.join("join-"+topic, r.input(topic), r.broadcastInput("rates")), "out-"+topic)
	}
	p := mustBuild(t, r.g, exist("a", 2, "b", 3, "rates", 1), Options{})
	if got := stageNames(p); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("stages %v", got)
	}
}

func TestBroadcastInput_AloneMakesOneTask(t *testing.T) {
	r := newApp("app")
	r.output(r.table(r.broadcastInput("rates"), "t"), "out")
	p := mustBuild(t, r.g, exist("rates", 7), Options{Containers: 5})
	if s := p.Stages[0]; s.Name != "rates" || s.Tasks != 1 || s.Containers != 1 {
		t.Errorf("stage %+v", s)
	}
}

func TestBroadcastInput_IsRefusedBesideItsPartitions(t *testing.T) {
	r := newApp("app")
	r.output(r.join("j", r.input("a"), r.broadcastInput("a")), "out")
	_, err := Build(r.g, exist("a", 2), Options{})
	want := `main.go:2: topic "a" is broadcast to the tasks of stage "a", at main.go:2, which read its partitions, too, at main.go:1; ` +
		`call PartitionBy on one of the two streams before they meet`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBroadcast_HasAPartitionForEachTask(t *testing.T) {
	r := newApp("app")
	rules := r.broadcast(r.input("rules"), "all-rules")
	r.output(r.join("check", r.input("views"), rules), "checked")
	p := mustBuild(t, r.g, exist("views", 6, "rules", 1), Options{Partitions: 3})
	if got := stageNames(p); !slices.Equal(got, []string{"rules", "views"}) {
		t.Fatalf("stages %v", got)
	}
	if in := input(t, &p.Stages[1], "app-all-rules"); in.Partitions != 6 || in.Producers != 1 || in.Delivery != DeliverBroadcast || p.Stages[1].Tasks != 6 {
		t.Errorf("input %+v", in)
	}
	if topic := topicNamed(t, p, "app-all-rules"); topic.Partitions != 6 || !topic.Create || topic.Grow {
		t.Errorf("topic %+v", topic)
	}
	if !strings.Contains(p.Text(), "reads   app-all-rules, 6 partitions, written by 1 task, each record once for each task") {
		t.Error(p.Text())
	}
}

// Its topic follows a stage that may grow, and never shrinks.
func TestBroadcast_FollowsTheStageThatReadsIt(t *testing.T) {
	r := newApp("app")
	rules := r.broadcast(r.input("rules"), "all-rules")
	r.output(r.lookUp(r.input("views"), rules), "checked")
	old := mustBuild(t, r.g, exist("views", 4, "rules", 1), Options{})
	now := mustBuild(t, r.g, exist("views", 6, "rules", 1, "app-all-rules", 4), Options{})
	if topic := topicNamed(t, now, "app-all-rules"); topic.Partitions != 6 || !topic.Grow || topic.Create {
		t.Errorf("topic %+v", topic)
	}
	if v := Compare(old, now); v.Kind != Compatible || old.Fingerprint != now.Fingerprint {
		t.Error(v.Text())
	}
	less := mustBuild(t, r.g, exist("views", 4, "rules", 1, "app-all-rules", 6), Options{})
	if topic := topicNamed(t, less, "app-all-rules"); topic.Partitions != 6 || topic.Grow || less.Stages[1].Tasks != 4 {
		t.Errorf("topic %+v for %d tasks", topic, less.Stages[1].Tasks)
	}
}

func TestDelivery_AsksForARestartWhenItChanges(t *testing.T) {
	old := mustBuild(t, rated().g, exist("views", 4, "rates", 4), Options{})
	r := rated()
	r.g.Nodes[0].Delivery = DeliverPartition
	now := mustBuild(t, r.g, exist("views", 4, "rates", 4), Options{})
	if v := Compare(old, now); v.Kind != Restart || old.Fingerprint == now.Fingerprint {
		t.Error(v.Text())
	}
}

// profiled looks views up in a table of users, in two stages.
func profiled() *recorder {
	r := newApp("app")
	users := r.globalTable("users", "all-users")
	views := r.lookUp(r.input("views"), users)
	r.output(r.lookUp(r.table(r.partitionBy(views, "by-page"), "pages"), users), "out")
	return r
}

func TestGlobalTable_BelongsToNoStage(t *testing.T) {
	p := mustBuild(t, profiled().g, exist("views", 4, "all-users", 3), Options{})
	if got := stageNames(p); !slices.Equal(got, []string{"views", "by-page"}) {
		t.Fatalf("stages %v", got)
	}
	for i := range p.Stages {
		s := &p.Stages[i]
		in := input(t, s, "all-users")
		if in.Delivery != DeliverGlobal || in.Partitions != 3 || !slices.Equal(in.Nodes, []int{0}) || s.Tasks != 4 || slices.Contains(s.Nodes, 0) {
			t.Errorf("stage %s, input %+v", s.Name, in)
		}
		if len(s.Stores) > 1 {
			t.Errorf("stores %+v", s.Stores)
		}
	}
	if err := p.verify(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.Text(), "reads   all-users, 3 partitions, a global table") {
		t.Error(p.Text())
	}
}

func TestGlobalTable_MayBeReadByAStageOfItsTopic(t *testing.T) {
	r := newApp("app")
	users := r.globalTable("users", "a")
	r.output(r.lookUp(r.input("a"), users), "out")
	p := mustBuild(t, r.g, exist("a", 3), Options{})
	if s := p.Stages[0]; len(s.Inputs) != 2 || s.Tasks != 3 || s.Name != "a" {
		t.Errorf("stage %+v", s)
	}
}

func TestGlobalTable_Mistakes(t *testing.T) {
	tests := map[string]struct {
		record func(r *recorder)
		want   string
	}{
		"never used": {func(r *recorder) {
			r.globalTable("users", "users")
			r.output(r.input("a"), "out")
		}, `main.go:1: global table "users" is never used: look it up in an operator, or leave it out`},
		"read as a stream": {func(r *recorder) { r.output(r.globalTable("users", "users"), "out") },
			`main.go:2: node 1 (output): it gets records from global tables alone, which are for look-ups`},
		"no name": {func(r *recorder) { r.output(r.lookUp(r.input("a"), r.globalTable("", "users")), "out") },
			`main.go:2: input: a name is missing`},
		"no topic": {func(r *recorder) { r.output(r.lookUp(r.input("a"), r.globalTable("users", "none")), "out") },
			`main.go:2: topic "none" does not exist: fill it from a file with -feed none=FILE, or create it on the broker`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newApp("app")
			tt.record(r)
			_, err := Build(r.g, exist("a", 2, "users", 1), Options{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestInput_BootstrapAndPriority(t *testing.T) {
	r := newApp("app")
	first, second := r.input("a"), r.input("a")
	r.g.Nodes[first].Bootstrap, r.g.Nodes[second].Priority = true, 3
	r.output(r.merge(first, second), "out")
	p := mustBuild(t, r.g, exist("a", 2), Options{})
	if in := p.Stages[0].Inputs[0]; !in.Bootstrap || in.Priority != 3 {
		t.Errorf("input %+v", in)
	}
	if !strings.Contains(p.Text(), "reads   a, 2 partitions, before the others, priority 3") {
		t.Error(p.Text())
	}
	r.g.Nodes[first].Bootstrap, r.g.Nodes[second].Priority = false, 0
	now := mustBuild(t, r.g, exist("a", 2), Options{})
	if v := Compare(p, now); v.Kind != Compatible || len(v.Changes) != 1 || v.Changes[0].brief() != "input a of a: bootstrap; priority 3 => " {
		t.Error(v.Text())
	}
}

func TestStores_SeveralOfANode(t *testing.T) {
	r := newApp("app")
	r.output(r.join("match", r.partitionBy(r.input("a"), "p"), r.partitionBy(r.input("b"), "q")), "out")
	p := mustBuild(t, r.g, exist("a", 2, "b", 2), Options{})
	want := []Store{
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
	r.g.Nodes[4].Params[0].Value = "1h0m0s" // told once, not for each store
	if v := Compare(p, mustBuild(t, r.g, exist("a", 2, "b", 2), Options{})); v.Kind != Compatible || len(v.Changes) != 1 {
		t.Error(v.Text())
	}
	r.g.Nodes[4].Params[0].Value, r.g.Nodes[4].Params[1].Value = "10m0s", "other"
	if v := Compare(p, mustBuild(t, r.g, exist("a", 2, "b", 2), Options{})); v.Kind != Same {
		t.Error(v.Text())
	}
}

func TestStores_NamesClash(t *testing.T) {
	r := newApp("app")
	p := r.partitionBy(r.input("a"), "p")
	r.output(r.join("match", p, p), "out")
	r.output(r.table(p, "match-left"), "out")
	_, err := Build(r.g, exist("a", 2), Options{})
	if want := `main.go:5: table "match-left": its store would be called "match-left", as that of join "match" is; choose another name`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	r = newApp("app")
	r.output(r.join("match", r.input("a"), r.input("a")), "app-match-left-changelog")
	_, err = Build(r.g, exist("a", 2), Options{})
	if want := `main.go:3: join "match" needs topic "app-match-left-changelog" for itself, which is also an output; choose another name`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestPorts_AreShownAndCompared(t *testing.T) {
	build := func(port, to string) *Plan {
		r := newApp("app")
		w := r.window(r.partitionBy(r.input("a"), "p"), "w")
		r.output(w, "out")
		late := r.side(w, port, "late")
		_ = late
		r.g.Nodes[r.lookUp(w, w)].From[1].To = to
		return mustBuild(t, r.g, exist("a", 2), Options{})
	}
	p := build("late", "table")
	if text := p.Text(); !strings.Contains(text, "window w (late) → write late") {
		t.Error(text)
	}
	for _, q := range []*Plan{build("early", "table"), build("late", "other")} {
		if v := Compare(p, q); v.Kind != Compatible || len(v.Changes) != 1 || v.Changes[0].Subject != SubjectOperators || p.Fingerprint != q.Fingerprint {
			t.Error(v.Text())
		}
	}
}

// Shapes are part of the plan, and change neither verdicts nor fingerprints yet.
func TestShapes_ArePartOfThePlan(t *testing.T) {
	g := pageviews()
	p := mustBuild(t, g, exist("page-views", 4), Options{})
	g.Nodes[0].ValueShape, g.Nodes[2].KeyShape, g.Nodes[3].Stores[0].ValueShape = shape.For[int](), shape.For[string](), shape.For[[]string]()
	q := mustBuild(t, g, exist("page-views", 4), Options{})
	if v := Compare(p, q); v.Kind != Same || p.Fingerprint != q.Fingerprint {
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
	if read, err := ParsePlan(b); err != nil || read.Nodes[3].Stores[0].ValueShape.Elem.Kind != shape.String {
		t.Errorf("read back: %v", err)
	}
	if _, err := Build(g, exist("page-views", 4), Options{}); err == nil || !strings.Contains(err.Error(), `shapes of store "": kind "x" is unknown`) {
		t.Errorf("damaged: %v", err)
	}
}
