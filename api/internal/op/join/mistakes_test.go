package join_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

func TestJoin_LateRecordsOfEitherSide(t *testing.T) {
	app := api.New("late")
	s := app.From("clicks", api.EventTime(click.time)).PartitionBy("by-ad", click.ad)
	joined := s.Join("joined", s.Within(time.Minute), func(a, b click) int { return a.ID*10 + b.ID })
	joined.To("joined")
	api.LateOf[click](joined).To("late")
	x := apitest.New(t, app)
	x.Send("clicks", click{"tea", 1, 1000})
	x.Advance(time.Hour)
	x.Send("clicks", click{"tea", 2, 1000})
	x.Expect("joined", 11)
	x.Expect("late", click{"tea", 2, 1000}, click{"tea", 2, 1000})
}

// Records that can't have a key or a value don't get to a join, whichever side they are on.
func TestJoin_NullKeysAndValues(t *testing.T) {
	app := api.New("nulls")
	left := app.FromKeyed[string, string]("left", api.OnError[string](api.Skip()))
	right := app.FromKeyed[string, string]("right", api.OnError[string](api.Skip()))
	left.OuterJoin("both", right.Within(time.Hour), func(l, r *string) string {
		if l == nil || r == nil {
			return "alone"
		}
		return *l + *r
	}).To("out")
	x := apitest.New(t, app)
	for _, topic := range []string{"left", "right"} {
		x.Send(topic, topic+" without a key")
		x.SendTombstone(topic, "a")
		x.SendKeyed(topic, "a", topic)
	}
	x.Expect("out", "leftright")
	x.Advance(2 * time.Hour)
	x.Expect[string]("out")
}

func TestJoin_ReportsMistakes(t *testing.T) {
	app, other := api.New("mistakes"), api.New("other")
	s := app.FromKeyed[string, int64]("s")
	f := func(a, b int64) int64 { return a + b }
	s.Join("negative", s.Within(-time.Second), f)
	s.Join("fraction", s.WithinRange(0, time.Microsecond), f)
	s.Join("grace", s.Within(time.Second).Grace(-1), f)
	s.Join("apps", other.FromKeyed[string, int64]("s").Within(time.Second), f)
	s.Join("no side", api.Joinable[string, int64](nil), f)
	s.Join("none", s.Within(time.Second), (func(a, b int64) int64)(nil))
	api.LateOf[string](s.Join("late", s.Within(time.Second), f))
	api.LateOf[int64](s)
	_, err := app.Pipeline().Graph()
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, want := range []string{
		`join "negative": the time before, -1s, is negative`, `join "fraction": the time after, 1µs, isn't a whole number of milliseconds`,
		`join "grace": the grace, -1ns, is negative`, `join "apps": the streams belong to different apps`, `join "no side": the other side is missing`,
		`join "none": the function is missing`, `LateOf: no side of join "late" has records of type string`, "LateOf: the input isn't a join of two streams",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() || !strings.Contains(err.Error(), "mistakes_test.go:") {
		t.Error(err)
	}
}

// Inputs of a join that aren't partitioned alike are refused, with both numbers.
func TestJoin_RefusesUnequalPartitions(t *testing.T) {
	app := api.New("widths")
	left, right := app.FromKeyed[string, string]("left"), app.FromKeyed[string, string]("right")
	left.Join("streams", right.Within(time.Hour), func(l, r string) string { return l + r }).To("out")
	left.Join("table", right.Count("n"), func(l string, n int64) string { return l }).To("out")
	plan := func(app *api.App) error {
		_, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"left": 3, "right": 4}}, scheduler.Options{})
		return err
	}
	if err := plan(app); err == nil || !strings.Contains(err.Error(), `"left" has 3, "right" has 4; give them equal numbers, or call PartitionBy`) {
		t.Errorf("got %v", err)
	}
	// A repartition takes the number of the topic that it is joined with.
	app = api.New("widths")
	left, right = app.FromKeyed[string, string]("left"), app.FromKeyed[string, string]("right")
	left.PartitionBy("by-left", func(l string) string { return l }).
		LeftJoin("table", right.Count("n"), func(l string, n *int64) string { return l }).To("out")
	if err := plan(app); err != nil {
		t.Error(err)
	}
}

// A record that a producer with another hash has sent to the wrong partition fails, if its
// topic is joined by its own keys.
func TestJoin_ForeignHashIsFound(t *testing.T) {
	app := api.New("hashes")
	left, right := app.FromKeyed[string, string]("left", api.OnError[string](api.Skip())), app.FromKeyed[string, string]("right")
	left.OuterJoin("j", right.Within(time.Hour), func(l, r *string) string { return *l + *r }).To("out")
	x := apitest.New(t, app, apitest.Options{Partitions: 4})
	x.SendKeyedTo("left", (stream.PartitionOf([]byte("a"), 4)+1)%4, "a", "lost")
	x.SendKeyed("left", "a", "left")
	x.SendKeyed("right", "a", "right")
	x.Expect("out", "leftright")
	for _, want := range []string{"belongs to partition", "partitioner=murmur2_random", "PartitionBy"} {
		if why := fmt.Sprint(x.Skipped()); !strings.Contains(why, want) {
			t.Errorf("%q isn't in %s", want, why)
		}
	}
}
