package main

import (
	"strconv"
	"time"

	"github.com/gretestream/grete/api"
)

// A PageView is a record of the input of w1 and w2.
type PageView struct {
	UserID     string `json:"userId"`
	Page       string `json:"page"`
	Country    string `json:"country"`
	SessionID  string `json:"sessionId"`
	TS         int64  `json:"ts"` // ms since 1970
	DurationMs int64  `json:"durationMs"`
}

// At is the event time of the view.
func (v PageView) At() time.Time { return time.UnixMilli(v.TS) }

// A SlimView is what w1 keeps of a view.
type SlimView struct {
	UserID     string `json:"userId"`
	Page       string `json:"page"`
	DurationMs int64  `json:"durationMs"`
}

// droppedCountry is the country whose views w1 drops.
const droppedCountry = "PL"

// slim is the workload w1: no state, and the keys stay.
func slim(s settings, first func()) *api.App {
	app := api.New(s.runID)
	app.FromKeyed[string, PageView](s.input).
		Peek(func(PageView) { first() }).
		Filter(func(v PageView) bool { return v.Country != droppedCountry }).
		MapValues(func(v PageView) SlimView { return SlimView{v.UserID, v.Page, v.DurationMs} }).
		To(s.output)
	return app
}

// A WindowCount is a result of w2.
type WindowCount struct {
	UserID      string `json:"userId"`
	WindowStart int64  `json:"windowStart"` // ms since 1970
	Count       int64  `json:"count"`
}

// Key is the key of the result in the output.
func (c WindowCount) Key() string {
	return c.UserID + "@" + strconv.FormatInt(c.WindowStart, 10)
}

// counts is the workload w2: the views are partitioned by user, and counted in windows of a
// minute.
func counts(s settings, first func()) *api.App {
	app := api.New(s.runID)
	app.From(s.input, api.EventTime(PageView.At)).
		Peek(func(PageView) { first() }).
		PartitionBy("by-user", func(v PageView) string { return v.UserID }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		MapValues(func(p api.Pane[string, int64]) WindowCount {
			return WindowCount{p.Key, p.Start.UnixMilli(), p.Value}
		}).
		To(s.output, api.KeyedBy(WindowCount.Key))
	return app
}
