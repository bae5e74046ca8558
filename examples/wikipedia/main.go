// Wikipedia counts the edits of each channel of Wikipedia in windows of ten seconds of event
// time. Its input is lines of Wikipedia's recent-changes feed:
//
//	{"raw":"[[Title]] M http://… * User * (+12) Summary","time":1398926301271,"source":"rc-pmtpa","channel":"#en.wikipedia"}
//
// This runs it over a file:
//
//	go run ./examples/wikipedia -feed wikipedia-edits=FILE -once -print wikipedia-stats
//
// This file has the pipeline and the counts; parse.go parses the lines.
package main

import (
	"strings"
	"time"

	"github.com/gretestream/grete/api"
)

const (
	input  = "wikipedia-edits"
	output = "wikipedia-stats"
)

func main() { pipeline().Main() }

// pipeline is the whole job. The feed is up to half a minute out of order. Lines that aren't
// edits are skipped.
func pipeline() *api.App {
	app := api.New("wikipedia")
	app.From(input, api.EventTime(Line.At).Disorder(30*time.Second)).
		TryMap("parse", Parse, api.Skip()).
		PartitionBy("by-channel", func(e Edit) string { return e.Channel }).
		Window("stats", api.Tumbling(10*time.Second)).
		Fold(Stats.Add).
		MapValues(RowOf).
		To(output)
	return app
}

// Stats are the counts of a channel and window. They are stored as JSON, so all fields are
// exported.
type Stats struct {
	Edits  int64           `json:"edits"`
	Bytes  int64           `json:"bytes"`
	Minor  int64           `json:"minor"`
	Bots   int64           `json:"bots"`
	New    int64           `json:"new"`
	Titles map[string]bool `json:"titles"` // the edited ones
}

// Add counts an edit.
func (s Stats) Add(e Edit) Stats {
	s.Edits++
	s.Bytes += e.Bytes
	s.Minor += one(e.Minor)
	s.Bots += one(e.Bot)
	s.New += one(e.New)
	if s.Titles == nil {
		s.Titles = make(map[string]bool)
	}
	// JSON can't store invalid UTF-8, and a title must not change when it is stored.
	title := strings.ToValidUTF8(e.Title, "\uFFFD")
	if !s.Titles[title] {
		s.Titles[title] = true
	}
	return s
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// A Row is a record of the output topic: the counts of a channel in ten seconds.
type Row struct {
	Channel string `json:"channel"`
	Start   int64  `json:"start"` // ms since 1970
	Edits   int64  `json:"edits"`
	Bytes   int64  `json:"bytes"`
	Titles  int    `json:"titles"` // distinct
	Minor   int64  `json:"minor"`
	Bots    int64  `json:"bots"`
	New     int64  `json:"new"`
}

// RowOf returns the output of a window.
func RowOf(p api.Pane[string, Stats]) Row {
	s := p.Value
	return Row{
		Channel: p.Key,
		Start:   p.Start.UnixMilli(),
		Edits:   s.Edits,
		Bytes:   s.Bytes,
		Titles:  len(s.Titles),
		Minor:   s.Minor,
		Bots:    s.Bots,
		New:     s.New,
	}
}
