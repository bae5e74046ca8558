package scheduler_test

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestBuild_ReportsAllMistakes(t *testing.T) {
	// Each pipeline is recorded one call a line, beginning at main.go:1.
	tests := map[string]struct {
		record   func(r *graphtest.Recorder)
		metadata scheduler.Metadata
		options  scheduler.Options
		want     []string // the lines of the error
	}{
		"empty": {
			record: func(*graphtest.Recorder) {},
			want:   []string{`app "app" is empty: it reads no topic`},
		},
		"unknown topic": {
			record: func(r *graphtest.Recorder) { r.Output(r.Input("views"), "out") },
			want:   []string{`main.go:1: topic "views" does not exist: fill it from a file with -feed views=FILE, or create it on the broker`},
		},
		"all at once, in the order of the calls": {
			record: func(r *graphtest.Recorder) {
				v := r.PartitionBy(r.Input("views"), "by user")
				r.Output(r.Window(v, "w"), "out")
				r.Output(r.Table(r.Input("users"), "w"), "")
			},
			options: scheduler.Options{Partitions: -1, Containers: -2},
			want: []string{
				`partitions: -1 is negative; set a positive number, or 0 for as many as the input has`,
				`containers: -2 is negative; set a positive number, or 0 for one`,
				`main.go:1: topic "views" does not exist: fill it from a file with -feed views=FILE, or create it on the broker`,
				`main.go:2: repartition: name "by user" has ' ' in it; letters, digits, '.', '_' and '-' are allowed`,
				`main.go:5: topic "users" does not exist: fill it from a file with -feed users=FILE, or create it on the broker`,
				`main.go:6: table "w": the name is taken by the window at main.go:3; choose another`,
				`main.go:6: table "w" needs topic "app-w-changelog" for itself, but that is also that of window "w"; choose another name`,
				`main.go:7: topic of the output: a name is missing`,
			},
		},
		"repartition that nobody reads": {
			record:   func(r *graphtest.Recorder) { r.PartitionBy(r.Input("a"), "p") },
			metadata: graphtest.Exist("a", 1),
			want:     []string{`main.go:2: repartition "p" is never used: add an operator or an output after it, or leave it out`},
		},
		"a stream meets its own repartition": {
			record: func(r *graphtest.Recorder) {
				a := r.Input("a")
				r.Output(r.Merge(a, r.PartitionBy(a, "p")), "out")
			},
			metadata: graphtest.Exist("a", 1),
			want: []string{`main.go:2: repartition "p" leads back into the stage that writes it, which would wait for itself: ` +
				`call PartitionBy on the other stream too, before the two meet`},
		},
		"names of the job's topics clash with the user's": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Table(r.PartitionBy(r.Input("app-p"), "p"), "t"), "app-t-changelog")
			},
			metadata: graphtest.Exist("app-p", 1),
			want: []string{
				`main.go:2: repartition "p" needs topic "app-p" for itself, but that is also an input; choose another name`,
				`main.go:3: table "t" needs topic "app-t-changelog" for itself, but that is also an output; choose another name`,
			},
		},
		"a topic of the job's that is an input of the same stage": {
			record: func(r *graphtest.Recorder) {
				p := r.PartitionBy(r.Input("a"), "p")
				r.Output(r.Merge(p, r.Input("app-p")), "out")
			},
			metadata: graphtest.Exist("a", 1, "app-p", 1),
			want:     []string{`main.go:2: repartition "p" needs topic "app-p" for itself, but that is also an input; choose another name`},
		},
		"names that Kafka takes for one": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Input("a"), "x.y")
				r.Output(r.Input("a"), "x_y")
			},
			metadata: graphtest.Exist("a", 1),
			want:     []string{`main.go:4: topics "x_y" and "x.y" differ only in '.' and '_', which Kafka doesn't allow; choose another name`},
		},
		"a topic's name is too long": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Table(r.Input("a"), strings.Repeat("t", 240)), "b") },
			metadata: graphtest.Exist("a", 1),
			want: []string{`main.go:2: topic "app-` + strings.Repeat("t", 240) + `-changelog" has a name of 254 characters; ` +
				`249 are allowed: choose shorter names`},
		},
		"topics that meet have different partitions": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Table(r.Merge(r.Input("a"), r.PartitionBy(r.Input("b"), "p")), "t"), "out")
			},
			metadata: graphtest.Exist("a", 4, "b", 8, "app-p", 6),
			want: []string{`main.go:5: table "t": the topics that meet in it have different numbers of partitions, so equal keys would be in different tasks: ` +
				`"a" has 4, "app-p" has 6; give them equal numbers, or call PartitionBy on each of the streams`},
		},
		"of three topics that meet, one differs": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Table(r.Merge(r.Input("a"), r.Input("b"), r.Input("c")), "t"), "out")
			},
			metadata: graphtest.Exist("a", 4, "b", 6, "c", 4),
			want: []string{`main.go:5: table "t": the topics that meet in it have different numbers of partitions, so equal keys would be in different tasks: ` +
				`"a" has 4, "b" has 6, "c" has 4; give them equal numbers, or call PartitionBy on each of the streams`},
		},
		"state of another number of tasks": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Table(r.Input("a"), "t"), "out") },
			metadata: graphtest.Exist("a", 8, "app-t-changelog", 4),
			want: []string{`main.go:2: topic "app-t-changelog" has 4 partitions, but stage "a" now has 8 tasks, as many as its widest input, "a", has partitions: ` +
				`the state can't be redistributed; reset the job with this version, to start without state. If you call PartitionBy before the operators with state, inputs may grow at any time`},
		},
		"state of more tasks": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Input("a"), "out") },
			metadata: graphtest.Exist("a", 4, "app-a-meta", 8),
			want: []string{`main.go:1: topic "app-a-meta" has 8 partitions, but stage "a" now has 4 tasks, as many as its widest input, "a", has partitions: ` +
				`the state can't be redistributed; read inputs of 8 partitions again, or start over under another app name (on the embedded log: in another data directory)`},
		},
		"a topic that only the reader writes": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Merge(r.Input("a"), r.Input("retry")), "retry") },
			metadata: graphtest.Exist("a", 4),
			want:     []string{`main.go:2: topic "retry" does not exist: fill it from a file with -feed retry=FILE, or create it on the broker`},
		},
		"containers of an unknown stage, and too few of another": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Input("a"), "b") },
			metadata: graphtest.Exist("a", 4),
			options:  scheduler.Options{StageContainers: map[string]int{"a": 0, "c": 2}},
			want: []string{
				`containers of stage "a": 0 is set; it must be positive`,
				`containers of stage "c": there is no such stage; the stages are: a`,
			},
		},
		"app name": {
			record:   func(r *graphtest.Recorder) { r.Graph.App = "über"; r.Output(r.Input("a"), "b") },
			metadata: graphtest.Exist("a", 1),
			want:     []string{`app: name "über" has 'ü' in it; letters, digits, '.', '_' and '-' are allowed`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			tt.record(r)
			p, err := scheduler.Build(r.Graph, tt.metadata, tt.options)
			if err == nil || p != nil {
				t.Fatalf("plan %v, error %v", p, err)
			}
			if got, want := err.Error(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestBuild_RefusesDamagedGraphs(t *testing.T) {
	tests := map[string]struct {
		damage func(g *scheduler.Graph)
		want   string
	}{
		"id":                    {func(g *scheduler.Graph) { g.Nodes[1].ID = 7 }, "node 1 (filter): its id is 7"},
		"kind":                  {func(g *scheduler.Graph) { g.Nodes[1].Kind = "" }, "node 1 (): it has no kind"},
		"itself":                {func(g *scheduler.Graph) { g.Nodes[1].From = graphtest.Edges(1) }, "node 1 (filter): it gets records from node 1, which isn't before it"},
		"negative":              {func(g *scheduler.Graph) { g.Nodes[1].From = graphtest.Edges(-1) }, "node 1 (filter): it gets records from node -1, which isn't before it"},
		"no input":              {func(g *scheduler.Graph) { g.Nodes[1].From = nil }, "node 1 (filter): it has 0 edges; inputs and generators have none, and all other nodes have some"},
		"input from a node":     {func(g *scheduler.Graph) { g.Nodes[1].Kind = scheduler.KindInput }, "node 1 (input): it has 1 edges; inputs and generators have none, and all other nodes have some"},
		"from an output":        {func(g *scheduler.Graph) { g.Nodes[1].Kind = scheduler.KindOutput }, "node 2 (repartition): it gets records from node 1, which is an output"},
		"port of a repartition": {func(g *scheduler.Graph) { g.Nodes[3].From[0].Port = "late" }, `node 3 (window): it gets records from port "late" of node 2, which has one output alone`},
		"port of an output":     {func(g *scheduler.Graph) { g.Nodes[4].From[0].To = "left" }, `node 4 (output): it gets records at port "left", but has one input alone`},
		"name of a port":        {func(g *scheduler.Graph) { g.Nodes[3].From[0].To = "a b" }, `node 3 (window): port: name "a b" has ' ' in it; letters, digits, '.', '_' and '-' are allowed`},
		"delivery":              {func(g *scheduler.Graph) { g.Nodes[3].Delivery = scheduler.DeliverBroadcast }, `node 3 (window): it can't have delivery "broadcast"`},
		"global output":         {func(g *scheduler.Graph) { g.Nodes[4].Delivery = scheduler.DeliverGlobal }, `node 4 (output): it can't have delivery "global"`},
		"priority":              {func(g *scheduler.Graph) { g.Nodes[3].Priority = 1 }, `node 3 (window): only inputs have topics, a pattern, a start, a bootstrap or a priority`},
		"store of an output":    {func(g *scheduler.Graph) { g.Nodes[4].Stores = []scheduler.StoreSpec{{}} }, "node 4 (output): it has 1 store; only operators have stores, and a global table has one"},
		"stores of one name":    {func(g *scheduler.Graph) { g.Nodes[3].Stores = []scheduler.StoreSpec{{}, {}} }, `node 3 (window): it has two stores with the name ""`},
		"parameter":             {func(g *scheduler.Graph) { g.Nodes[3].Params[0].Affects = "" }, `node 3 (window): parameter "size" affects ""; it must affect state, results or display`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := graphtest.Pageviews()
			tt.damage(&g)
			for i := range g.Nodes {
				g.Nodes[i].At = ""
			}
			if _, err := scheduler.Build(g, graphtest.Exist("page-views", 1), scheduler.Options{}); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestValidName_Refuses(t *testing.T) {
	for _, name := range []string{"a", "page-views", "A.b_c-9", strings.Repeat("x", 249)} {
		if err := scheduler.ValidName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", ".", "..", "a b", "a/b", "ä", "a\x00", "\xff", strings.Repeat("x", 250)} {
		if scheduler.ValidName(name) == nil {
			t.Errorf("%q is allowed", name)
		}
	}
}
