// Wikipedia counts the edits of Wikipedia, channel by channel, in windows of ten
// seconds of event time. Its input are lines of Wikipedia's recent-changes feed:
//
//	{"raw":"[[Title]] M http://… * User * (+12) Summary","time":1398926301271,"source":"rc-pmtpa","channel":"#en.wikipedia"}
//
// and a run over a file of them is
//
//	go run ./examples/wikipedia -feed wikipedia-edits=FILE -once -print wikipedia-stats
//
// The pipeline and the counts are here, and parse.go reads the lines.
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

// pipeline is the whole job. The feed is out of order, so edits are waited for
// half a minute; a line that is no edit is left out, and counted as skipped.
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

// Stats are kept for each channel and window. They live in the job's state, as
// JSON, so all that is to be remembered is exported.
type Stats struct {
	Edits  int64           `json:"edits"`
	Bytes  int64           `json:"bytes"`
	Minor  int64           `json:"minor"`
	Bots   int64           `json:"bots"`
	New    int64           `json:"new"`
	Titles map[string]bool `json:"titles"` // those that were edited
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
	// JSON has no broken UTF-8: titles must be the same before and after they
	// were stored.
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

// A Row is a record of the output topic: the counts of a channel in the ten
// seconds from Start on.
type Row struct {
	Channel string `json:"channel"`
	Start   int64  `json:"start"` // ms since 1970
	Edits   int64  `json:"edits"`
	Bytes   int64  `json:"bytes"`
	Titles  int    `json:"titles"` // how many different ones
	Minor   int64  `json:"minor"`
	Bots    int64  `json:"bots"`
	New     int64  `json:"new"`
}

// RowOf makes the output of what a window came to.
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
