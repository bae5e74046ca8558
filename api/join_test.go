package api_test

import (
	"fmt"
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
