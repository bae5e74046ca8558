package main

import (
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
