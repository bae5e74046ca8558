package scheduler

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestParsePlanReadsWhatJSONWrote(t *testing.T) {
	for name, sc := range scenarios() {
		p := mustBuild(t, sc.graph, sc.metadata, sc.options)
		for i := range p.Nodes {
			p.Nodes[i].At = "" // no part of the plan's JSON
		}
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		q, err := ParsePlan(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(p, q) {
			t.Errorf("%s: got %+v, want %+v", name, q, p)
		}
	}
}

func TestParsePlanRefuses(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"nothing":        {"", "", "plan: unexpected end of JSON input"},
		"no version":     {`"version": 1,`, ``, "plan: it has no version; is it a plan?"},
		"newer":          {`"version": 1`, `"version": 2`, "plan: it has version 2, and this program reads 1: use a newer program"},
		"zero":           {`"version": 1`, `"version": 0`, "plan: there is no version 0"},
		"wrong type":     {`"app": "pageviews"`, `"app": 3`, "plan: json:"},
		"fingerprint":    {`"name": "by-user"`, `"name": "by-nobody"`, `its fingerprint is "`},
		"node":           {`"node": 3`, `"node": 30`, `plan of "pageviews": stage "by-user": there is no node 30`},
		"missing topic":  {`"name": "views-per-user"`, `"name": "other"`, `stage "by-user": topic "views-per-user" isn't among the plan's`},
		"twice":          {`"name": "views-per-user"`, `"name": "page-views"`, `topic "page-views" is there twice`},
		"no tasks":       {`"tasks": 4`, `"tasks": 0`, `stage "page-views": 0 tasks can't run in 2 containers`},
		"in two stages":  {"        3,\n        4\n", "        2,\n        3,\n        4\n", `node 2 is in stage "page-views" and in stage "by-user"`},
		"in no stage":    {"        3,\n        4\n", "        3\n", `1 of its 5 nodes are in no stage`},
		"damaged graph":  {`"kind": "filter"`, `"kind": "x"`, `node 1 (x): its kind is unknown`},
		"trailing bytes": {"\n}\n", "\n}\nx", "plan: invalid character 'x' after top-level value"},
	}
	b, err := mustBuild(t, pageviews(), exist("page-views", 4), Options{Containers: 2}).JSON()
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
			if _, err := ParsePlan(damaged); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func FuzzParsePlan(f *testing.F) {
	for _, sc := range scenarios() {
		p, err := Build(sc.graph, sc.metadata, sc.options)
		if err != nil {
			f.Fatal(err)
		}
		b, err := p.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePlan(b)
		if err != nil {
			return
		}
		// What is accepted can be shown, written and read again.
		_, _, _, _ = p.Text(), p.Dot(), p.Mermaid(), p.SVG()
		again, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePlan(again); err != nil {
			t.Fatal(err)
		}
	})
}
