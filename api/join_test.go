package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A seen ad, or one that was clicked.
type seen struct {
	Ad   string
	User string
	At   int64 // ms
}

func (s seen) ad() string      { return s.Ad }
func (s seen) time() time.Time { return time.UnixMilli(s.At) }

// attributed joins clicks with the impressions of the minute before.
func attributed() *api.App {
	app := api.New("ads")
	clicks := app.From("clicks", api.EventTime(seen.time)).PartitionBy("clicks-by-ad", seen.ad)
	impressions := app.From("impressions", api.EventTime(seen.time)).PartitionBy("impressions-by-ad", seen.ad)
	joined := clicks.LeftJoin("attributed", impressions.WithinRange(time.Minute, 0), func(click seen, impression *seen) string {
		if impression == nil {
			return click.User + " came from elsewhere"
		}
		return fmt.Sprintf("%s clicked what %s saw", click.User, impression.User)
	})
	joined.To("attributed")
	api.LateOf[seen](joined).Map(func(s seen) string { return "late: " + s.User }).To("late")
	return app
}

func ExampleKeyedStream_LeftJoin() {
	run := apitest.New(exampleTB{}, attributed())
	run.Send("impressions", seen{"tea", "ada", 1000})
	run.Send("clicks", seen{"tea", "bob", 61_000}, seen{"tea", "eve", 61_001})
	fmt.Println(run.Output[string]("attributed"))
	run.Advance(time.Hour)
	fmt.Println(run.Output[string]("attributed"))
	// Output:
	// [bob clicked what ada saw]
	// [eve came from elsewhere]
}

func TestJoin_LateRecordsOfEitherSide(t *testing.T) {
	x := apitest.New(t, attributed())
	x.Send("impressions", seen{"tea", "ada", 1000})
	x.Send("clicks", seen{"tea", "bob", 61_000})
	x.Advance(time.Hour)
	x.Send("impressions", seen{"tea", "ida", 1000})
	x.Send("clicks", seen{"tea", "eve", 61_000})
	x.Expect("attributed", "bob clicked what ada saw")
	x.Expect("late", "late: ida", "late: eve")
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
		x.SendKeyed(topic, "a", []byte(nil))
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
	if t.Failed() || !strings.Contains(err.Error(), "join_test.go:") {
		t.Error(err)
	}
}
