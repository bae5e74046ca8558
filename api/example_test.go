package api_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/scheduler"
)

type PageView struct {
	User, Page string
	At         time.Time
}

func Example() {
	app := api.New("pageviews")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At })).
		Filter(func(v PageView) bool { return v.User != "" }).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("views-per-user")

	// A program ends with app.Main(), which reads the command line. Here, what it
	// would run:
	plan, err := app.Plan(scheduler.Metadata{Partitions: map[string]int32{"page-views": 4}}, scheduler.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, stage := range plan.Stages {
		fmt.Printf("stage %s: %d tasks\n", stage.Name, stage.Tasks)
	}
	// Output:
	// stage page-views: 4 tasks
	// stage by-user: 4 tasks
}

// A table holds the latest value of each key; its updates are a stream again.
func ExampleKeyedStream_Fold() {
	type Order struct {
		Customer string
		Cents    int64
	}
	app := api.New("orders")
	app.From[Order]("orders").
		PartitionBy("by-customer", func(o Order) string { return o.Customer }).
		Fold("spent", func(cents int64, o Order) int64 { return cents + o.Cents }).
		Updates().
		Filter(func(cents int64) bool { return cents > 100_00 }).
		To("good-customers")
}

// Allowed lateness: a window waits for a minute of event time after its end.
func ExampleWindowedStream_FoldFrom() {
	app := api.New("pages")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At }).Disorder(30*time.Second)).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Window("visited", api.Tumbling(time.Hour).Grace(time.Minute)).
		FoldFrom(func() map[string]int { return map[string]int{} }, func(pages map[string]int, v PageView) map[string]int {
			pages[v.Page]++
			return pages
		}).
		To("visited")
}

// What can't be parsed is left out and counted; without Skip it would stop the job.
func ExampleStream_TryMap() {
	parse := func(line string) (PageView, error) {
		user, page, ok := strings.Cut(line, " ")
		if !ok {
			return PageView{}, errors.New("no page")
		}
		return PageView{User: user, Page: page}, nil
	}
	app := api.New("lines")
	app.From[string]("lines").TryMap("parse", parse, api.Skip()).To("page-views")
}

// A reusable piece of pipeline is a function from stream to stream.
func ExampleStream_Apply() {
	words := func(lines api.Stream[string]) api.Stream[string] {
		return lines.FlatMap(strings.FieldsSeq).Map(strings.ToLower)
	}
	app := api.New("words")
	app.From[string]("lines").Apply(words).
		PartitionBy("by-word", func(w string) string { return w }).
		Count("count").
		To("counts")
}
