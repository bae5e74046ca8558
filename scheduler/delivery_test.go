package scheduler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
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

func TestBroadcastInput_IsReadByAllTasksAndCommittedByOne(t *testing.T) {
	p := graphtest.MustBuild(t, rated().Graph, graphtest.Exist("views", 4, "rates", 6), scheduler.Options{})
	s := &p.Stages[1]
	rates, views := input(t, s, "rates"), input(t, s, "app-by-user")
	for task := range s.Tasks {
		if got := rates.Reads(task); !slices.Equal(got, []int32{0, 1, 2, 3, 4, 5}) {
			t.Errorf("task %d reads partitions %v of rates", task, got)
		}
		if got := views.Reads(task); !slices.Equal(got, []int32{task}) || s.Committer(&views, task) != task {
			t.Errorf("task %d reads partitions %v of views", task, got)
		}
	}
	for partition, want := range []int32{0, 1, 2, 3, 0, 1} {
		if got := s.Committer(&rates, int32(partition)); got != want {
			t.Errorf("task %d commits the offset of partition %d, want task %d", got, partition, want)
		}
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
