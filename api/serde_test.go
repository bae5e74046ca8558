package api_test

import (
	"strings"
	"testing"
	"time"

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

// TestSerdes_OfOnePlace expects a serde that is given for a store or a repartition
// there, and nowhere else.
func TestSerdes_OfOnePlace(t *testing.T) {
	app := api.New("pairs")
	app.From[pair]("in").
		PartitionBy("by-left", func(p pair) string { return p.Left }, api.RepartitionSerde[pair](pairSerde{})).
		Fold("last", func(_, p pair) pair { return p }, api.StoreSerde[pair](pairSerde{})).
		Updates().
		Window("per-minute", api.Tumbling(time.Minute)).Fold(func(_, p pair) pair { return p }, api.StoreSerde[pair](pairSerde{})).
		To("out")
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"in": 1}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places := make(map[string]string)
	for _, n := range plan.Nodes {
		places[n.Name+n.Topic] = n.Value
		for _, s := range n.Stores {
			places["store of "+n.Name] = s.Value
		}
	}
	for place, want := range map[string]string{"in": "json(api_test.pair)", "by-left": "pairs", "store of last": "pairs", "store of per-minute": "pairs"} {
		if places[place] != want {
			t.Errorf("the serde of %s is %s, want %s", place, places[place], want)
		}
	}
	x := apitest.New(t, app)
	x.Send("in", pair{"a", "b"})
	x.Restart()
	x.Send("in", pair{"a", "c"})
	x.End()
	if got := x.Output[api.Pane[string, pair]]("out"); len(got) != 1 || got[0].Value != (pair{"a", "c"}) {
		t.Errorf("got %v", got)
	}
}
