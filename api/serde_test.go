package api_test

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde/shape"
)

type pair struct{ Left, Right string }

// A pairSerde encodes a pair as left=right.
type pairSerde struct{}

func (pairSerde) String() string { return "pairs" }
func (pairSerde) Append(dst []byte, p pair) ([]byte, error) {
	return append(dst, p.Left+"="+p.Right...), nil
}
func (pairSerde) Parse(src []byte) (p pair, err error) {
	p.Left, p.Right, _ = strings.Cut(string(src), "=")
	return p, nil
}

// TestDefaultSerde_Everywhere expects the default of a type in inputs,
// repartitions, stores and outputs, and by it keys and values that come back.
func TestDefaultSerde_Everywhere(t *testing.T) {
	app := api.New("pairs", api.DefaultSerde(pairSerde{}))
	app.From[pair]("in").
		PartitionBy("by-pair", func(p pair) pair { return p }).
		Fold("last", func(_, p pair) pair { return pair{p.Right, p.Left} }).
		To("out")
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"in": 1}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range plan.Nodes {
		for _, name := range []string{n.Key, n.Value} {
			if name != "" && name != "pairs" {
				t.Errorf("%s %q has the serde %s", n.Kind, n.Name, name)
			}
		}
		for _, s := range n.Stores {
			if s.Key != "pairs" || s.Value != "pairs" || s.KeyShape.Kind != shape.Opaque || s.ValueShape.Type != "pairs" {
				t.Errorf("store of %q: %+v", n.Name, s)
			}
		}
	}
	x := apitest.New(t, app)
	x.Send("in", pair{"a", "b"})
	if got := x.Output[pair]("out"); len(got) != 1 || got[0] != (pair{"b", "a"}) {
		t.Errorf("got %v", got)
	}
}
