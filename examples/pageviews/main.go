// Pageviews counts the views of each user in each minute of event time. It needs no input:
// without one, it generates views.
//
//	go run ./examples/pageviews
package main

import (
	"iter"
	"math/rand/v2"
	"time"

	"github.com/gretestream/grete/api"
)

// A PageView is a record of the input topic.
type PageView struct {
	UserID     string `json:"userId"` // empty: not signed in
	Page       string `json:"page"`
	Country    string `json:"country"`
	TS         int64  `json:"ts"` // ms since 1970
	DurationMs int64  `json:"durationMs"`
}

// At returns the time of the view.
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

// sample generates views from the current minute on.
func sample() iter.Seq[PageView] { return viewsFrom(time.Now().Truncate(time.Minute)) }

// meanGap is the mean time between two views. Event time advances much faster than the clock,
// so that a minute closes about every second.
const meanGap = 40 * time.Millisecond

// viewsFrom generates views without end, in the order of their time.
func viewsFrom(start time.Time) iter.Seq[PageView] {
	users := []string{"ada", "alan", "barbara", "donald", "edsger", "grace", "ken", ""}
	pages := []string{"/", "/docs", "/pricing", "/blog", "/signup"}
	countries := []string{"CZ", "DE", "IN", "JP", "KE", "US"}
	return func(yield func(PageView) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for at := start; ; at = at.Add(time.Duration(1 + r.Int64N(2*int64(meanGap)))) {
			if !yield(PageView{
				UserID:     pick(r, users),
				Page:       pick(r, pages),
				Country:    pick(r, countries),
				TS:         at.UnixMilli(),
				DurationMs: 200 + r.Int64N(60_000),
			}) {
				return
			}
		}
	}
}

// pick returns a random text, most often one of the first.
func pick(r *rand.Rand, from []string) string { return from[min(r.IntN(len(from)), r.IntN(len(from)))] }
