// Pageviews counts the views of each user in each minute of event time. It needs
// nothing to run: where it isn't fed, it makes views of its own (sample.go).
//
//	go run ./examples/pageviews
package main

import (
	"time"

	"github.com/gretestream/grete/api"
)

// A PageView is a record of the input topic.
type PageView struct {
	UserID     string `json:"userId"` // empty: nobody who has signed in
	Page       string `json:"page"`
	Country    string `json:"country"`
	TS         int64  `json:"ts"` // ms since 1970
	DurationMs int64  `json:"durationMs"`
}

// At is when the page was viewed.
func (v PageView) At() time.Time { return time.UnixMilli(v.TS) }

func main() { pipeline().Main() }

func pipeline() *api.App {
	app := api.New("pageviews")
	app.From("page-views", api.EventTime(PageView.At), api.Sample(sample)).
		Filter(func(v PageView) bool { return v.UserID != "" }).
		PartitionBy("by-user", func(v PageView) string { return v.UserID }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("views-per-user")
	return app
}
