package api_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// Each of the three tasks gets each rule once, whatever is restarted, and each view goes to
// one of them.
func TestBroadcastInput_ReachesAllTasks(t *testing.T) {
	app := api.New("rated")
	rules := api.BroadcastInput[string](app, "rules")
	app.From[string]("views").PartitionBy("by-view", func(v string) string { return v }).Stream.Merge(rules).To("out")
	for _, containers := range []int{1, 2, 3} {
		x := apitest.New(t, app, apitest.Options{Partitions: 3, Containers: containers})
		var want []string
		for i := range 12 {
			rule, view := fmt.Sprint("rule ", i), fmt.Sprint("view ", i)
			x.Send("rules", rule)
			x.Send("views", view)
			if i%4 == 2 {
				x.Restart()
			}
			want = append(want, rule, rule, rule, view)
		}
		x.End()
		got := x.Output[string]("out")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d containers: got %v", containers, got)
		}
	}
}
