package flow_test

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
)

// recordLookup records a node that sends the row of each record's key, -1 if there is none.
func recordLookup(p *flow.Pipeline, records, table scheduler.Edge) scheduler.Edge {
	table.To = "table"
	return p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "look-up", From: []scheduler.Edge{records, table}},
		Emits: []flow.Port{flow.Emit[int64]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			at, down := flow.TableAt[int64](b, "table"), flow.Down[int64](b, "")
			flow.TakeRows(b, "table", flow.Rows[int64]{})
			flow.Take(b, "", func(string) error {
				v, found, err := at.Get(b.Scope.Key)
				switch {
				case err != nil:
					return err
				case !found:
					return down(-1)
				}
				return down(*v)
			})
			return nil, nil
		},
	})
}

// countWords records a table of the number of words of each key.
func countWords(p *flow.Pipeline, topic string) scheduler.Edge {
	in := op.KeyedInput[string](p, scheduler.Node{Kind: scheduler.KindInput, Topic: topic}, op.InputSpec[string]{})
	return op.Table[string](p, in, "counts", op.Fold[string, int64]{Name: "count", Step: func(n int64, _ string, _ bool) int64 { return n + 1 }})
}

// A reader looks up the rows of a table, and those of tables that are computed of it.
func TestTableAt_LooksUpRows(t *testing.T) {
	app := api.New("look-up")
	p := app.Pipeline().Pipeline
	ask := op.KeyedInput[string](p, scheduler.Node{Kind: scheduler.KindInput, Topic: "ask"}, op.InputSpec[string]{})
	counts := countWords(p, "words")
	small := op.FilterTable(p, counts, func(n int64) bool { return n < 3 })
	times := op.MapTable(p, small, func(n int64) int64 { return 10 * n })
	op.Output(p, recordLookup(p, ask, counts), "counts", op.OutputSpec[int64]{})
	op.Output(p, recordLookup(p, ask, times), "times", op.OutputSpec[int64]{})
	x := apitest.New(t, app)
	for i, want := range []int64{-1, 10, 20, -1} {
		x.SendKeyed("ask", "k", "")
		x.Expect("times", want)
		if i == 0 {
			x.Expect("counts", int64(-1))
		} else {
			x.Expect("counts", int64(i))
		}
		x.SendKeyed("words", "k", "w")
		x.Wait(0) // it comes before the next record of the other input
		if i == 1 {
			x.Restart()
		}
	}
}

// Nodes that aren't tables can't be looked up: a mistake of the operator's author.
func TestTableAt_RefusesOthers(t *testing.T) {
	p := &flow.Pipeline{App: "a"}
	in := op.Input(p, scheduler.Node{Kind: scheduler.KindInput, Topic: "in"}, op.InputSpec[string]{})
	mapped := op.Map(p, in, func(s string) int64 { return int64(len(s)) })
	p.Add(flow.Node{
		Node: scheduler.Node{Kind: "look-up", From: []scheduler.Edge{mapped}},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			flow.TableAt[int64](b, "")
			flow.Take(b, "", func(int64) error { return nil })
			return nil, nil
		},
	})
	stage := &scheduler.Stage{Name: "in", Nodes: []int{0, 1, 2}, Inputs: []scheduler.Input{{Topic: "in", Nodes: []int{0}}}}
	_, err := p.Program().NewLogic(stage, &loop.Task{})
	if err == nil || !strings.Contains(err.Error(), "reads from no table of this task") {
		t.Errorf("got %v", err)
	}
}
