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
	_, err := app.Pipeline().Graph()
	for _, want := range []string{
		`mistakes_test.go:43: window "early-late": Late comes before the aggregate`,
		`mistakes_test.go:45: window "fraction": the size 1m0.000000001s isn't a whole number of milliseconds`,
		`mistakes_test.go:46: window "top": TopN of 0 records; set at least 1`,
		`mistakes_test.go:47: window "nothing" is of no kind`,
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
