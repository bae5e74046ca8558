package scheduler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

// reads lists the topics of a stage, with their partitions.
func reads(s scheduler.Stage) map[string]int32 {
	topics := map[string]int32{}
	for _, in := range s.Inputs {
		topics[in.Topic] = in.Partitions
	}
	return topics
}

func TestInput_OfSeveralTopics(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Table(r.PartitionBy(r.Inputs("b", "a"), "p"), "t"), "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2, "b", 5), scheduler.Options{})
	s := p.Stages[0]
	if s.Name != "b" || s.Group != "app-b" || s.Tasks != 5 {
		t.Errorf("stage %s of group %s has %d tasks", s.Name, s.Group, s.Tasks)
	}
	if got := reads(s); len(s.Inputs) != 2 || got["a"] != 2 || got["b"] != 5 {
		t.Errorf("reads %v", got)
	}
	for _, in := range s.Inputs {
		if !slices.Equal(in.Nodes, []int{0}) {
			t.Errorf("%s feeds nodes %v", in.Topic, in.Nodes)
		}
	}
	if p.Stages[1].Inputs[0].Producers != 5 {
		t.Errorf("%d tasks write the repartition", p.Stages[1].Inputs[0].Producers)
	}
}

// Inputs with a common topic run together, unless a pattern has found the topic.
func TestStages_WithASharedTopicAreUnited(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Inputs("a", "b"), "x")
	r.Output(r.Inputs("b", "c"), "y")
	r.Output(r.Matching("m", "[bc]"), "z")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 1, "b", 1, "c", 1), scheduler.Options{})
	if got := graphtest.StageNames(p); !slices.Equal(got, []string{"a", "m"}) {
		t.Fatalf("stages %v", got)
	}
	for _, in := range p.Stages[0].Inputs {
		if n := len(in.Nodes); (in.Topic == "b") != (n == 2) {
			t.Errorf("%s feeds %d nodes", in.Topic, n)
		}
	}
}

func TestPattern_MatchesWholeNames(t *testing.T) {
	tests := map[string]struct {
		pattern string
		exist   []string
		want    []string
	}{
		"the whole name":             {"logs", []string{"logs", "logs-a", "my-logs"}, []string{"logs"}},
		"of alternatives too":        {"a|b", []string{"a", "b", "ab", "ba"}, []string{"a", "b"}},
		"by name":                    {"logs-.*", []string{"logs-b", "logs-a", "other"}, []string{"logs-a", "logs-b"}},
		"not what the job writes":    {".*", []string{"in", "out", "app-p", "app-t-changelog", "app-m-meta", "app-old-meta", "app-old-changelog"}, []string{"in"}},
		"but what looks like it":     {".*", []string{"other-t-changelog", "app-in", "x-meta"}, []string{"app-in", "other-t-changelog", "x-meta"}},
		"not the brokers' own":       {".*", []string{"in", "__consumer_offsets"}, []string{"in"}},
		"whatever the letters' case": {"(?i)LOGS", []string{"logs", "Logs"}, []string{"Logs", "logs"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			r.Output(r.Table(r.PartitionBy(r.Matching("m", tt.pattern), "p"), "t"), "out")
			m := graphtest.Exist()
			for _, topic := range tt.exist {
				m.Partitions[topic] = 3
			}
			p := graphtest.MustBuild(t, r.Graph, m, scheduler.Options{})
			s := p.Stages[0]
			if !slices.Equal(p.Nodes[0].Topics, tt.want) || len(s.Inputs) != len(tt.want) {
				t.Errorf("got %v, want %v", p.Nodes[0].Topics, tt.want)
			}
			if s.Name != "m" || s.Group != "app-m" || s.MetaTopic != "app-m-meta" {
				t.Errorf("stage %s, group %s, meta topic %s", s.Name, s.Group, s.MetaTopic)
			}
			for _, topic := range tt.exist {
				_, ok := r.Graph.Reads(topic)
				if ok != slices.Contains(tt.want, topic) {
					t.Errorf("it reads %s: %v", topic, ok)
				}
			}
		})
	}
}

func TestBuild_AssumesPartitions(t *testing.T) {
	r := graphtest.New("app")
	r.Output(r.Table(r.PartitionBy(r.Merge(r.Matching("m", "x-.*"), r.Inputs("a", "b")), "p"), "t"), "out")
	p := graphtest.MustBuild(t, r.Graph, scheduler.Metadata{Assumed: 7}, scheduler.Options{})
	if got := reads(p.Stages[0]); len(got) != 3 || got["m..."] != 7 || got["a"] != 7 {
		t.Errorf("reads %v", got)
	}
}

// A new topic of a pattern is read, too, and changes nothing else.
func TestFingerprint_IgnoresNewTopicsOfAPattern(t *testing.T) {
	r := graphtest.New("app")
	keyed := r.Matching("m", "logs-.*")
	r.Output(r.Table(keyed, "t"), "out")
	r.Output(r.Matching("plain", "x-.*"), "y")
	before := graphtest.Exist("logs-a", 3, "x-b", 2)
	after := graphtest.Exist("logs-a", 3, "logs-0", 3, "x-b", 2, "x-a", 1)
	p, q := graphtest.MustBuild(t, r.Graph, before, scheduler.Options{}), graphtest.MustBuild(t, r.Graph, after, scheduler.Options{})
	if p.Fingerprint != q.Fingerprint {
		t.Error("another fingerprint")
	}
	for i := range p.Stages {
		a, b := p.Stages[i], q.Stages[i]
		if a.Name != b.Name || a.Group != b.Group || a.Tasks != b.Tasks || a.MetaTopic != b.MetaTopic || len(b.Inputs) != 2 {
			t.Errorf("stage %+v became %+v", a, b)
		}
	}
	wider := graphtest.MustBuild(t, r.Graph, graphtest.Exist("logs-a", 4, "x-b", 2), scheduler.Options{})
	if wider.Fingerprint == p.Fingerprint {
		t.Error("the fingerprint ignores the number of partitions of keyed state")
	}
}

// Topics names what Build looks up, and nothing else.
func TestTopics_AreWhatBuildNeeds(t *testing.T) {
	for name, sc := range graphtest.Scenarios() {
		names, all := scheduler.Topics(sc.Graph)
		if all != (name == "logs") {
			t.Errorf("%s: all is %v", name, all)
		}
		known := scheduler.Metadata{Partitions: map[string]int32{}}
		for topic, n := range sc.Metadata.Partitions {
			if all || slices.Contains(names, topic) {
				known.Partitions[topic] = n
			}
		}
		p, q := graphtest.MustBuild(t, sc.Graph, sc.Metadata, sc.Options), graphtest.MustBuild(t, sc.Graph, known, sc.Options)
		if draw.Text(p) != draw.Text(q) {
			t.Errorf("%s: with topics %v the plan is\n%s\nand not\n%s", name, names, draw.Text(q), draw.Text(p))
		}
		for _, topic := range q.Topics {
			if !all && !slices.Contains(names, topic.Name) {
				t.Errorf("%s: %s is missing", name, topic.Name)
			}
		}
	}
	if names, all := scheduler.Topics(scheduler.Graph{App: "empty"}); len(names) > 0 || all {
		t.Errorf("an empty app needs %v", names)
	}
}

func TestBuild_ReportsMistakesOfInputs(t *testing.T) {
	start := func(r *graphtest.Recorder, node int, at int64, o scheduler.OutOfRange) int {
		r.Graph.Nodes[node].Start, r.Graph.Nodes[node].OutOfRange = at, o
		return node
	}
	tests := map[string]struct {
		record func(r *graphtest.Recorder)
		want   string
	}{
		"nothing matches": {func(r *graphtest.Recorder) { r.Output(r.Matching("m", "x-.*"), "out") },
			`main.go:1: input "m": no topic's whole name matches "x-.*": create one, or fill it from a file with -feed TOPIC=FILE`},
		"no pattern": {func(r *graphtest.Recorder) { r.Output(r.Matching("m", "x("), "out") },
			"main.go:1: node 0 (input): pattern \"x(\": error parsing regexp: missing closing ): `x(`"},
		"no name": {func(r *graphtest.Recorder) { r.Output(r.Matching("", "a"), "out") },
			`main.go:1: input: a name is missing`},
		"a name that is taken": {func(r *graphtest.Recorder) { r.Output(r.Table(r.PartitionBy(r.Matching("m", "a"), "m"), "t"), "out") },
			`main.go:2: repartition "m": the name is taken by the input at main.go:1; choose another`},
		"one topic doesn't exist": {func(r *graphtest.Recorder) { r.Output(r.Inputs("a", "c"), "out") },
			`main.go:1: topic "c" does not exist: fill it from a file with -feed c=FILE, or create it on the broker`},
		"a topic twice": {func(r *graphtest.Recorder) { r.Output(r.Inputs("a", "b", "a"), "out") },
			`main.go:1: node 0 (input): it reads topic "a" twice`},
		"a topic's name": {func(r *graphtest.Recorder) { r.Output(r.Inputs("a", "b b"), "out") },
			`main.go:1: topic of the input: name "b b" has ' ' in it; letters, digits, '.', '_' and '-' are allowed
main.go:1: topic "b b" does not exist: fill it from a file with -feed b b=FILE, or create it on the broker`},
		"two starts": {func(r *graphtest.Recorder) {
			r.Output(r.Input("a"), "x")
			r.Output(start(r, r.Inputs("b", "a"), scheduler.StartNewest, scheduler.OutOfRangeNewest), "y")
		}, `main.go:3: topic "a" has another input, at main.go:1, and is read once for both: ` +
			`it starts at the oldest record there, and starts at the end, continues at the end if the next record is gone here; give both the same options`},
		"a start that is none": {func(r *graphtest.Recorder) { r.Output(start(r, r.Input("a"), -2, ""), "x") },
			`main.go:1: node 0 (input): start -2 or out-of-range policy "" is unknown`},
		"unknown out-of-range policy": {func(r *graphtest.Recorder) { r.Output(start(r, r.Input("a"), 0, "x"), "x") },
			`main.go:1: node 0 (input): start 0 or out-of-range policy "x" is unknown`},
		"a start of an output": {func(r *graphtest.Recorder) { start(r, r.Output(r.Input("a"), "x"), 7, "") },
			`main.go:2: node 1 (output): only inputs have topics, a pattern, a start, a bootstrap or a priority`},
		"topics of different widths meet": {func(r *graphtest.Recorder) { r.Output(r.Table(r.Inputs("a", "b"), "t"), "out") },
			`main.go:2: table "t": the topics that meet in it have different numbers of partitions, so equal keys would be in different tasks: ` +
				`"a" has 2, "b" has 3; give them equal numbers, or call PartitionBy on each of the streams`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			tt.record(r)
			_, err := scheduler.Build(r.Graph, graphtest.Exist("a", 2, "b", 3), scheduler.Options{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

// Where two stages read a topic, each starts where its own input says.
func TestStages_StartWhereTheirInputsSay(t *testing.T) {
	r := graphtest.New("app")
	a := r.Input("a")
	r.Graph.Nodes[a].Start = 5000
	p := r.PartitionBy(a, "p")
	r.Output(r.Table(r.Merge(p, r.Input("a")), "t"), "x")
	plan := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 2), scheduler.Options{})
	for i, want := range []int64{5000, 0} {
		in := plan.Stages[i].Inputs[slices.IndexFunc(plan.Stages[i].Inputs, func(in scheduler.Input) bool { return in.Topic == "a" })]
		if in.Start != want {
			t.Errorf("stage %s starts at %d", plan.Stages[i].Name, in.Start)
		}
	}
	if !strings.Contains(draw.Text(plan), "reads   a, 2 partitions, starts at 1970-01-01T00:00:05Z") {
		t.Error(draw.Text(plan))
	}
}
