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
