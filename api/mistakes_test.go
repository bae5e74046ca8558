package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/scheduler"
)

// All mistakes are reported together, each at the user's line.
func TestPlan_ReportsAllMistakes(t *testing.T) {
	app := api.New("my app")
	views := app.From[view]("views").PartitionBy("by user", userOf)
	views.Count("total")
	views.Count("total").To("out/put")
	views.Window("no-size", api.Tumbling(0)).Count()
	w := views.Window("twice", api.Tumbling(time.Minute))
	w.Count()
	w.Count()
	_, err := app.Pipeline().Plan(scheduler.Metadata{}, scheduler.Options{})
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, want := range []string{
		`application "my app"`, `mistakes_test.go:15: repartition "by user"`, `mistakes_test.go:17: table "total": the table at api/mistakes_test.go:16 has this name already`,
		`mistakes_test.go:17: output topic "out/put"`, `mistakes_test.go:18: window "no-size" has no size`, `mistakes_test.go:21: window "twice": it is used twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestMistakes_Windows(t *testing.T) {
	app := api.New("windows")
	views := app.FromKeyed[string, view]("views")
	w := views.Window("early-late", api.Tumbling(time.Minute))
	w.Late().To("late")
	w.Count().To("counts")
	views.Window("fraction", api.Tumbling(time.Minute+1)).Count().To("fractions")
	api.TopN(views.Window("top", api.Tumbling(time.Minute)), 0, func(v view) int64 { return v.At }).To("top")
	views.Window("nothing", api.Window{}).Count().To("nothing")
	sum := func(n int64, v view) int64 { return n + v.At }
	for name, w := range map[string]api.Window{
		"hops-1": api.Hopping(time.Minute, 0), "hops-2": api.Hopping(time.Minute, time.Hour), "hops-3": api.Hopping(24*time.Hour, time.Millisecond),
		"session-1": api.Session(0), "session-2": api.Session(time.Minute),
		"days-1": api.Daily(nil), "days-2": api.Daily(time.Local), "days-3": api.Daily(time.FixedZone("CET", 7200)),
		"global-1": api.Global(), "global-2": api.Global().Early(api.EveryN(2)).Updates(),
		"early-1": api.Tumbling(time.Minute).Early(api.EveryN(0)), "early-2": api.Tumbling(time.Minute).Early(api.Every(time.Microsecond)),
		"updates": api.Tumbling(time.Minute).Updates(), "discards": api.Tumbling(time.Minute).Discarding(), "grace": api.Tumbling(time.Minute).Grace(-1),
	} {
		views.Window(name, w).Fold(sum).To("out-" + name)
	}
	api.Collect(views.Window("hops-4", api.Hopping(time.Hour, time.Minute).Early(api.EveryN(2)).Discarding())).To("out-hops-4")
	_, err := app.Pipeline().Graph()
	for _, want := range []string{
		`mistakes_test.go:43: window "early-late": Late comes before the aggregate`,
		`mistakes_test.go:45: window "fraction": the size 1m0.000000001s isn't a whole number of milliseconds`,
		`mistakes_test.go:46: window "top": TopN of 0 records; set at least 1`,
		`mistakes_test.go:47: window "nothing" is of no kind`,
		`window "hops-1" has no interval`, `window "hops-2": records between two windows would be in none`, `window "hops-3": each record would be in 86400000 windows`,
		`window "session-1" has no gap`, `mistakes_test.go:57: window "session-2": a record may join two sessions, and fold can't merge`,
		`window "days-1" has no time zone`, `window "days-2": the local time zone`, `window "days-3": the time zone "CET": its offset in`,
		`window "global-1" never ends, so it sends no result`, `window "global-2" never ends, so it has neither`,
		`window "early-1": the number 0 of records`, `window "early-2": the interval 1µs of early results`,
		`window "updates": Updates are for records within the grace, which is zero`, `window "discards" has one result`, `window "grace": the grace -1ns is negative`,
		`mistakes_test.go:59: window "hops-4": hopping windows share the entries of collect`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s in %v", want, err)
		}
	}
}

func TestPlan_RefusesEmptyPipeline(t *testing.T) {
	if _, err := api.New("empty").Pipeline().Graph(); err == nil || !strings.Contains(err.Error(), "From") {
		t.Errorf("got %v", err)
	}
}
