package scheduler_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestBuild_MakesConsistentPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, _, _, p := graphtest.DrawPlan(t)
		if err := p.Verify(); err != nil {
			t.Fatal(err)
		}
		_, _, _, _ = draw.Text(p), draw.Dot(p), draw.Mermaid(p), draw.SVG(p)
	})
}

// essence is a plan without its nodes and what refers to them.
func essence(p *scheduler.Plan) string {
	q := *p
	q.Nodes = nil
	q.Stages = slices.Clone(q.Stages)
	for i := range q.Stages {
		s := &q.Stages[i]
		s.Nodes = nil
		s.Inputs, s.Outputs, s.Stores = slices.Clone(s.Inputs), slices.Clone(s.Outputs), slices.Clone(s.Stores)
		for j := range s.Inputs {
			s.Inputs[j].Nodes = nil
		}
		for j := range s.Outputs {
			s.Outputs[j].Node = 0
		}
		for j := range s.Stores {
			s.Stores[j].Node = 0
		}
	}
	b, err := json.MarshalIndent(q, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A stateless operator inserted anywhere renumbers all nodes after it, and must
// change nothing that outlives the process.
func TestBuild_StatelessOperatorsRenameNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := graphtest.DrawInsertion(t)
		if a, b := essence(p), essence(q); a != b {
			t.Fatalf("before:\n%s\nafter:\n%s", a, b)
		}
	})
}

// The order in which operators without a name are recorded doesn't matter.
func TestBuild_IgnoresTheOrderOfRecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, m, o, p := graphtest.DrawPlan(t)
		q, err := scheduler.Build(graphtest.Renumber(t, g), m, o)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := essence(p), essence(q); a != b {
			t.Fatalf("before:\n%s\nafter:\n%s", a, b)
		}
	})
}
