package api_test

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/scheduler"
)

// Every operator in one chain. It guards against instantiation cycles: a method
// that leads from a type to itself wrapped breaks the whole package, with an
// error that names two innocent lines. Add each new operator here.
func TestOperators_Chain(t *testing.T) {
	app := api.New("all")
	minute := api.Tumbling(time.Minute).Grace(time.Second)
	keyed := app.From("views",
		api.EventTime(view.time).Disorder(time.Second).MaxAhead(time.Minute).OnAhead(api.Skip()), api.OnError[view](api.Skip()), api.WithSerde(viewSerde{}),
		api.StartOldest[view](), api.StartNewest[view](), api.StartAt[view](time.UnixMilli(1)), api.OnOutOfRange[view](api.ResumeNewest()), api.OnTombstone[view](api.Fail()),
		api.Sample(func() iter.Seq[view] { return slices.Values([]view{}) })).
		Filter(func(v view) bool { return v.User != "" }).
		Peek(func(view) {}).
		Map(func(v view) view { return v }).
		TryMap("try", func(v view) (view, error) { return v, nil }, api.Fail()).
		TryMapWith("with", app.Resource("r", func(context.Context) (int, error) { return 1, nil }, func(int) error { return nil }), func(_ int, v view) (view, error) { return v, nil }).
		FlatMap(func(v view) iter.Seq[view] { return slices.Values([]view{v}) }).
		Apply(func(s api.Stream[view]) api.Stream[view] { return s.Merge(s) }).
		PartitionBy("by-user", userOf, api.RepartitionSerde(viewSerde{})).
		Filter(func(view) bool { return true }).
		Peek(func(view) {})
	keyed.Merge(keyed).
		MapValues(func(v view) string { return v.Page }).
		MapWithKey(func(k, page string) view { return view{User: k, Page: page} }).
		Window("w1", minute).Count().
		Window("w2", minute).Fold(func(n int64, p api.Pane[string, int64]) int64 { return n + p.Value }).
		Window("w3", minute).FoldFrom(func() int64 { return 0 }, func(n int64, p api.Pane[string, int64]) int64 { return n + p.Value }).
		Window("w4", minute).Sum(func(p api.Pane[string, int64]) int64 { return p.Value }).
		PartitionBy("by-value", func(p api.Pane[string, int64]) int64 { return p.Value }).
		Count("t1").Updates().
		Fold("t2", func(a, b int64) int64 { return a + b }, api.StoreSerde(numberSerde{})).Updates().
		Reduce("t3", func(a, b int64) int64 { return max(a, b) }).Updates().
		To("out", api.KeyedBy(func(n int64) string { return "k" }))
	keyed.Count("t4").To("out2")
	app.Table[string, view]("table", api.EventTime(view.time), api.NoBootstrap[view](), api.TTL[view](time.Hour)).
		MapValues(func(v view) string { return v.Page }).Updates().Latest("latest", api.TTL[string](time.Minute)).To("out10")
	groups := keyed.Count("t9").GroupBy("groups", func(_ string, n int64) int64 { return n % 2 }, api.RepartitionSerde(numberSerde{}))
	groups.Count("by-n").To("out11")
	groups.Sum("sum-by-n", func(n int64) int64 { return n }).To("out12")
	groups.Fold("fold-by-n", func(a, n int64) int64 { return a + n }, func(a, n int64) int64 { return a - n }, api.StoreSerde(numberSerde{})).To("out13")
	keyed.Count("t8").MapValues(func(n int64) string { return strconv.FormatInt(n, 10) }).Filter(func(s string) bool { return s != "" }).To("out9", api.OutputSerde(textSerde{}))
	windowed := keyed.Window
	hops, day := api.Hopping(time.Minute, time.Second), api.Daily(time.UTC).Early(api.EveryN(2)).Discarding()
	late := windowed("w5", hops)
	late.Min(view.number).To("panes-min")
	late.Late().To("late")
	windowed("w6", api.Session(time.Minute).Grace(time.Second).Early(api.Every(time.Second)).Updates()).Max(view.number).To("panes-max")
	windowed("w7", api.Global().Early(api.EveryCommit())).Avg(view.number).To("panes-avg")
	windowed("w8", day).Distinct(view.number).To("panes-distinct")
	api.Finals(windowed("w9", hops).Aggregate(longest{})).To("panes-longest")
	api.Collect(windowed("w10", day)).To("panes-all")
	api.TopN(windowed("w11", hops), 3, view.number).To("panes-top")
	api.ReduceWindow(windowed("w12", minute), func(a, b view) view { return b }).To("panes-reduce")
	keyed.DedupBy("d1", func(v view) string { return v.Page }, time.Minute).Count("t6").To("out7")
	joined := keyed.Join("j1", keyed.Within(time.Minute).Grace(time.Second), func(a, b view) view { return b }).
		LeftJoin("j2", keyed.WithinRange(time.Minute, 0), func(a view, b *view) int64 { return 1 }).
		OuterJoin("j3", keyed.Within(0), func(n *int64, v *view) int64 { return 1 })
	api.LateOf[view](joined).To("out20")
	joined.To("out21")
	counts := keyed.Count("joined-1")
	counts.Join("j4", counts, func(a, b int64) int64 { return a + b }).
		LeftJoin("j5", keyed.Count("joined-2"), func(a int64, b *int64) int64 { return a }).
		OuterJoin("j6", keyed.Count("joined-3"), func(a, b *int64) int64 { return 1 }).To("out22")
	keyed.Join("j7", counts, func(v view, n int64) view { return v }).LeftJoin("j8", counts, func(v view, n *int64) int64 { return 1 }).To("out23")
	api.Changes(keyed.Count("t7")).Map(func(c api.Change[int64]) int64 { return *c.New }).To("out8")
	keyed.CombineLatest("c1", keyed.MapValues(func(v view) string { return v.Page }), time.Second, func(v *view, page *string) int64 { return 1 }).To("out6")
	app.FromKeyed[string, []byte]("bytes").To("out3", api.OutputSerde(bytesSerde{}))
	app.Generate("g1", slices.Values([]view{}), api.EventTime(view.time), api.OnError[view](api.Skip()), api.Priority[view](1)).To("out10")
	app.FromTopics[view]([]string{"a", "b"}).Merge(app.FromMatching[view]("m", "a|b")).To("out4")
	app.FromKeyedTopics[string, view]([]string{"a", "b"}).Merge(app.FromKeyedMatching[string, view]("k", "a|b")).Count("t5").To("out5")

	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"views": 2, "table": 2, "bytes": 1, "a": 1, "b": 1}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(plan.Stages); n != 8 {
		t.Errorf("%d stages: %v", n, plan)
	}
}

// number is a number of the view.
func (v view) number() int64 { return v.At }

// longest is an Aggregator.
type longest struct{}

func (longest) Add(a int64, v view) int64 { return max(a, v.At) }
func (longest) Merge(a, b int64) int64    { return max(a, b) }
func (longest) Result(a int64) int64      { return a }

type viewSerde struct{}

func (viewSerde) Append(dst []byte, v view) ([]byte, error) { return append(dst, v.User...), nil }
func (viewSerde) Parse(src []byte) (view, error)            { return view{User: string(src)}, nil }

type numberSerde struct{}

func (numberSerde) Append(dst []byte, n int64) ([]byte, error) {
	return strconv.AppendInt(dst, n, 10), nil
}
func (numberSerde) Parse(src []byte) (int64, error) { return strconv.ParseInt(string(src), 10, 64) }

type textSerde struct{}

func (textSerde) Append(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }
func (textSerde) Parse(src []byte) (string, error)            { return string(src), nil }

type bytesSerde struct{}

func (bytesSerde) Append(dst, b []byte) ([]byte, error) { return append(dst, b...), nil }
func (bytesSerde) Parse(src []byte) ([]byte, error)     { return slices.Clone(src), nil }
