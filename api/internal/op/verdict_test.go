package op_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// planOf plans a job that writes a table of people.
func planOf(t *testing.T, write func(people api.Table[string, citizen]), opts ...api.TableOption[citizen]) *scheduler.Plan {
	t.Helper()
	app := api.New("verdicts")
	write(app.Table[string, citizen]("people", opts...))
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"people": 2}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// A TTL may become longer or shorter. One that comes or goes changes the store, as does
// another aggregate of the same name.
func TestTable_Verdicts(t *testing.T) {
	out := func(people api.Table[string, citizen]) { people.To("out") }
	count := func(people api.Table[string, citizen]) { people.GroupBy("by-country", countryOf).Count("n").To("out") }
	sum := func(people api.Table[string, citizen]) {
		people.GroupBy("by-country", countryOf).Sum("n", func(c citizen) int64 { return c.Cents }).To("out")
	}
	plain, hour, day := planOf(t, out), planOf(t, out, api.TTL[citizen](time.Hour)), planOf(t, out, api.TTL[citizen](24*time.Hour))
	if v := compare.Plans(hour, day); v.Kind == compare.Incompatible || !strings.Contains(v.Text(), "ttl 1h0m0s → ttl 24h0m0s") {
		t.Errorf("another TTL: %v", v.Text())
	}
	for name, v := range map[string]compare.Verdict{
		"new TTL": compare.Plans(plain, hour), "no TTL": compare.Plans(hour, plain), "other aggregate": compare.Plans(planOf(t, count), planOf(t, sum)),
	} {
		if v.Kind != compare.Incompatible {
			t.Errorf("%s: %v", name, v.Text())
		}
	}
}
