package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
)

func TestPriority_IsReadFirst(t *testing.T) {
	for name, c := range map[string]struct {
		option api.InputOption[string]
		want   []string
	}{
		"equal":  {api.Priority[string](0), []string{"view 1", "view 2", "rule 1", "rule 2"}},
		"higher": {api.Priority[string](1), []string{"rule 1", "rule 2", "view 1", "view 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := api.New("ordered")
			app.From[string]("views").Merge(app.From("rules", c.option)).To("out")
			x := apitest.New(t, app)
			x.Send("views", "view 1", "view 2")
			x.Send("rules", "rule 1", "rule 2")
			x.Expect("out", c.want...)
		})
	}
}

func TestInputOptions_AreInThePlan(t *testing.T) {
	app := api.New("ordered")
	app.From[string]("views").Merge(app.From("rules", api.Bootstrap[string](), api.Priority[string](3))).To("out")
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"views": 1, "rules": 1}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := plan.Stages[0].Inputs
	if in[0].Bootstrap || in[0].Priority != 0 || !in[1].Bootstrap || in[1].Priority != 3 {
		t.Errorf("inputs %+v", in)
	}
}

// The countries are complete before the first order is looked at.
func ExampleBootstrap() {
	app := api.New("shop")
	countries := app.FromKeyed[string]("countries", api.Bootstrap[string]())
	cents := app.FromKeyed[string, int64]("orders")
	cents.CombineLatest("priced", countries, time.Second, func(cents *int64, country *string) string {
		return fmt.Sprint(cents, country)
	}).To("priced")
}

// Corrections come before orders, whatever their event time.
func ExamplePriority() {
	app := api.New("shop")
	corrections := app.From("corrections", api.Priority[string](1))
	app.From[string]("orders").Merge(corrections).To("all-orders")
}
