package compare

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
	"github.com/gretestream/grete/stream/serde/shape"
)

// drawChange changes a pipeline as a person might, and makes a world to plan it in.
func drawChange(t *rapid.T, g scheduler.Graph, m scheduler.Metadata, o scheduler.Options) (scheduler.Graph, scheduler.Metadata, scheduler.Options) {
	g = graphtest.Clone(g)
	m = graphtest.Exist()
	n := &g.Nodes[rapid.IntRange(0, len(g.Nodes)-1).Draw(t, "node")]
	name := rapid.SampledFrom([]string{"op0", "op1", "other"}).Draw(t, "name")
	topics := []string{"a", "b", "c", "d"}
	for _, topic := range topics {
		m.Partitions[topic] = rapid.SampledFrom([]int32{3, 3, 6}).Draw(t, "partitions of "+topic)
	}
	switch rapid.IntRange(0, 15).Draw(t, "change") {
	case 13, 14:
		drawForm(t, n)
	case 15:
		if n.Stores != nil {
			from := scheduler.StoreSpec{Value: n.Stores[0].Value, ValueShape: rapid.SampledFrom(forms()).Draw(t, "from")}
			n.Stores[0].Upgrades = append(n.Stores[0].Upgrades, from.ValueForm().String())
		}
	case 0:
		if n.Name != "" {
			n.Name = name
		}
	case 1:
		n.Value = "string"
	case 2:
		n.Key = "int64"
	case 3:
		if n.Stores != nil {
			n.Stores[0].Value = "string"
		}
	case 4:
		n.Params = append(n.Params, scheduler.Param{Name: "setting", Value: name, Affects: rapid.SampledFrom([]scheduler.Affects{scheduler.AffectsState, scheduler.AffectsResults, scheduler.AffectsDisplay}).Draw(t, "affects")})
	case 5:
		if n.Topic != "" {
			n.Topic = rapid.SampledFrom([]string{"a", "b", "x", "y", "z"}).Draw(t, "topic")
		}
	case 6:
		if n.Pattern != "" {
			n.Pattern = "[ad]"
		}
	case 7:
		n.SameKey = n.Kind == scheduler.KindRepartition && !n.SameKey
	case 8:
		if len(n.From) > 0 {
			return graphtest.Insert(g, n.ID), m, o
		}
	case 9:
		if n.Kind == scheduler.KindInput && !n.Global() || n.Crosses() {
			n.Delivery = scheduler.DeliverBroadcast
		}
	case 10:
		if n.Delivery == scheduler.DeliverBroadcast {
			n.Delivery = scheduler.DeliverPartition
		}
	case 11:
		if len(n.Stores) > 1 {
			n.Stores = n.Stores[1:]
		}
	default:
		if n.Kind == scheduler.KindInput {
			n.Start, n.OutOfRange, n.Bootstrap, n.Priority = scheduler.StartNewest, scheduler.OutOfRangeOldest, true, 7
		}
		o.Containers++
	}
	return g, m, o
}

// forms are those that values may have: the first ones have more and more fields.
func forms() []*shape.Shape {
	return []*shape.Shape{
		shape.For[struct{ A int32 }](), shape.For[struct{ A, B int32 }](), shape.For[struct{ A, B, C int32 }](),
		shape.For[struct{ A int64 }](), shape.For[struct{ B int32 }](), shape.For[struct{ A string }](), shape.For[tree](),
	}
}

type tree struct {
	A    int32
	More []tree
}

// drawForm changes what the values of a node or of its store look like.
func drawForm(t *rapid.T, n *scheduler.Node) {
	s := rapid.SampledFrom(forms()).Draw(t, "form")
	if n.Stores != nil {
		n.Stores[0].Value, n.Stores[0].ValueShape = "json(main.S)", s
	} else if n.Value != "" {
		n.Value, n.ValueShape = "json(main.V)", s
	}
}

// drawTwo makes a plan, and another one that is a few changes away, or unrelated.
func drawTwo(t *rapid.T) (old, now *scheduler.Plan) {
	g, m, o, _ := graphtest.DrawPlan(t)
	for i := range g.Nodes {
		if rapid.Bool().Draw(t, "with a form") {
			drawForm(t, &g.Nodes[i])
		}
	}
	old, err := scheduler.Build(g, m, o)
	if err != nil {
		t.Fatal(err)
	}
	changes := rapid.IntRange(0, 4).Draw(t, "changes")
	if changes == 0 {
		_, _, _, now = graphtest.DrawPlan(t)
		return old, now
	}
	for range changes {
		g, m, o = drawChange(t, g, m, o)
	}
	if now, err = scheduler.Build(g, m, o); err != nil {
		t.Skip(err)
	}
	return old, now
}

// Processes may run side by side if and only if the verdict is compatible. Only where
// fields were removed from records they may, too: an old process that restarts while a
// version with more fields is rolled out is such a case, seen from the other side.
func TestPlans_AgreesWithSideBySide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, now := drawTwo(t)
		v := Plans(old, now)
		sideBySide := scheduler.SideBySide(old.Compatibility(), now.Compatibility())
		compatible := !slices.ContainsFunc(v.Changes, func(ch Change) bool {
			return ch.Effect.worse(Compatible) && (!sideBySide || ch.Subject == SubjectStore || !ch.fieldRemoved())
		})
		if compatible != sideBySide {
			t.Fatalf("compatibilities %s and %s\n%s\n%s\n%s", old.Compatibility(), now.Compatibility(), v.Text(), draw.Text(old), draw.Text(now))
		}
	})
}

func (ch Change) fieldRemoved() bool { return strings.HasPrefix(ch.From, "field ") && ch.To == "" }

// A change has the same verdict in both directions, except that of types: a field that
// is added isn't one that is removed.
func TestPlans_IsSymmetric(t *testing.T) {
	ofType := func(ch Change) bool {
		return strings.HasPrefix(ch.From+ch.To, "field ") || strings.HasPrefix(ch.From+ch.To, "value ") || strings.HasPrefix(ch.Why, "an Upgrade")
	}
	rapid.Check(t, func(t *rapid.T) {
		old, now := drawTwo(t)
		there, back := Plans(old, now), Plans(now, old)
		if there.Kind != back.Kind && !slices.ContainsFunc(there.Changes, ofType) && !slices.ContainsFunc(back.Changes, ofType) {
			t.Fatalf("there: %s\nback: %s", there.Text(), back.Text())
		}
	})
}

func TestPlans_WellFormedVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, now := drawTwo(t)
		v := Plans(old, now)
		worst := Same
		for i, ch := range v.Changes {
			if ch.Effect == Same || ch.Why == "" || ch.Subject == "" || ch.From == ch.To || i > 0 && ch.Effect.worse(v.Changes[i-1].Effect) {
				t.Errorf("change %d of\n%s", i, v.Text())
			}
			if ch.Effect == Incompatible && ch.Do == "" {
				t.Errorf("change %d has no advice:\n%s", i, v.Text())
			}
			if slices.Contains(v.Changes[:i], ch) {
				t.Errorf("change %d was reported before in\n%s", i, v.Text())
			}
			if ch.Effect.worse(worst) {
				worst = ch.Effect
			}
		}
		if v.Kind != worst || (v.Kind == Incompatible) && v.Restores != nil {
			t.Errorf("%s, with\n%s", v.Kind, v.Text())
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back Verdict
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(v, back) {
			t.Errorf("as JSON it is %s, %v", b, err)
		}
	})
}

// A plan is the same as itself, also after it was written and read, and if the
// operators without a name were recorded in another order.
func TestPlans_SamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, m, o, p := graphtest.DrawPlan(t)
		b, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		read, err := scheduler.ParsePlan(b)
		if err != nil {
			t.Fatal(err)
		}
		other, err := scheduler.Build(graphtest.Renumber(t, g), m, o)
		if err != nil {
			t.Fatal(err)
		}
		for what, q := range map[string]*scheduler.Plan{"itself": p, "read": read, "renumbered": other} {
			if v := Plans(p, q); v.Kind != Same || len(v.Changes) > 0 {
				t.Fatal(fmt.Sprintln(what, v.Text()))
			}
		}
	})
}

// A stateless operator inserted anywhere is a compatible change, and is reported.
func TestPlans_InsertedStatelessOperator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := graphtest.DrawInsertion(t)
		if v := Plans(p, q); v.Kind != Compatible || len(v.Changes) != 1 || v.Changes[0].Subject != SubjectOperators {
			t.Fatal(v.Text())
		}
	})
}
