package scheduler_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestParsePlan_ReadsJSON(t *testing.T) {
	for name, sc := range graphtest.Scenarios() {
		p := graphtest.MustBuild(t, sc.Graph, sc.Metadata, sc.Options)
		for i := range p.Nodes {
			p.Nodes[i].At = "" // no part of the plan's JSON
		}
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		q, err := scheduler.ParsePlan(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(p, q) {
			t.Errorf("%s: got %+v, want %+v", name, q, p)
		}
	}
}

func TestParsePlan_RefusesDamage(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"nothing":            {"", "", "plan: unexpected end of JSON input"},
		"no version":         {`"version": 3,`, ``, "plan: the version is missing; is it a plan?"},
		"newer":              {`"version": 3`, `"version": 4`, "plan: version 4 is newer than version 3, which this program reads; use a newer program"},
		"zero":               {`"version": 3`, `"version": 0`, "plan: there is no version 0"},
		"older":              {`"version": 3`, `"version": 2`, "plan: version 2 was written by an older Grete; this program reads version 3"},
		"wrong type":         {`"app": "pageviews"`, `"app": 3`, "plan: json:"},
		"trailing bytes":     {"\n}\n", "\n}\nx", "plan: invalid character 'x' after top-level value"},
		"fingerprint":        {`"name": "by-user",`, `"name": "by-nobody",`, `its fingerprint is "`},
		"damaged graph":      {`"kind": "filter"`, `"kind": ""`, `node 1 (): it has no kind`},
		"topic missing":      {`"name": "views-per-user"`, `"name": "other"`, `stage "by-user": topic "views-per-user" isn't among the plan's`},
		"topic twice":        {`"name": "views-per-user"`, `"name": "page-views"`, `topic "page-views" occurs twice`},
		"stage twice":        {`"name": "by-user",`, `"name": "page-views",`, `stage "page-views" occurs twice`},
		"node in two stages": {"        3,\n        4\n", "        2,\n        3,\n        4\n", `node 2 is in stage "page-views" and in stage "by-user"`},
		"node in no stage":   {"        3,\n        4\n", "        3\n", `1 of its 5 nodes are in no stage`},
		"node of no graph":   {"        3,\n        4\n", "        3,\n        7\n", `stage "by-user": there is no node 7`},
		"no tasks":           {`"tasks": 4`, `"tasks": 0`, `stage "page-views": its widest input has 4 partitions, which doesn't make 0 tasks in 2 containers`},
		"too many tasks":     {`"tasks": 4`, `"tasks": 5`, `stage "page-views": its widest input has 4 partitions, which doesn't make 5 tasks in 2 containers`},
		"no meta topic":      {`"metaTopic": "pageviews-page-views-meta"`, `"metaTopic": ""`, `stage "page-views": its meta records must be either in stores or in a meta topic`},
		"other width":        {`"partitions": 4`, `"partitions": 3`, `topic "page-views" has 4 partitions, not 3`},
		"other producers":    {`"producers": 4`, `"producers": 3`, `input "pageviews-by-user" is written by 4 tasks of upstream stages, not by 3`},
		"other store":        {`"node": 3`, `"node": 4`, `store "per-minute" isn't that of node 4`},
		"other output":       {`"node": 2`, `"node": 1`, `node 1 doesn't write "pageviews-by-user"`},
		"output of no node":  {`"node": 2`, `"node": -1`, `it has no node -1`},
		"other input": {`"nodes": [
            0`, `"nodes": [
            1`, `node 1 doesn't belong to input "page-views"`},
	}
	b, err := graphtest.MustBuild(t, graphtest.Pageviews(), graphtest.Exist("page-views", 4), scheduler.Options{Containers: 2}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			damaged := bytes.Replace(b, []byte(tt.from), []byte(tt.to), 1)
			if tt.from == "" {
				damaged = nil
			} else if bytes.Equal(damaged, b) {
				t.Fatal("the plan has no " + tt.from)
			}
			if _, err := scheduler.ParsePlan(damaged); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestVerify_FindsMovedNodes(t *testing.T) {
	p := graphtest.MustBuild(t, graphtest.Pageviews(), graphtest.Exist("page-views", 4), scheduler.Options{})
	p.Stages[0].Nodes, p.Stages[1].Nodes = []int{0, 2}, []int{1, 3, 4}
	want := "nodes 0 and 1 are in different stages, with no repartition between them"
	if err := p.Verify(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParsePlan(f *testing.F) {
	var plans []*scheduler.Plan
	for _, sc := range graphtest.Scenarios() {
		p, err := scheduler.Build(sc.Graph, sc.Metadata, sc.Options)
		if err != nil {
			f.Fatal(err)
		}
		b, err := p.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		plans = append(plans, p)
	}
	f.Add([]byte(`{"version":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = scheduler.ParsePlan(b)
		// A new version and fingerprint let changed plans through to what lies
		// behind them.
		var p scheduler.Plan
		if json.Unmarshal(b, &p) != nil || p.Seal() != nil {
			return
		}
		sealed, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		q, err := scheduler.ParsePlan(sealed)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _, _ = draw.Text(q), draw.Dot(q), draw.Mermaid(q), draw.SVG(q)
		if v := compare.Plans(q, q); v.Kind != compare.Same {
			t.Fatal(v.Text())
		}
		for _, p := range plans {
			old := *p
			old.App = q.App
			v := compare.Plans(&old, q)
			_ = v.Text()
		}
	})
}
