package commands_test

import (
	"context"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/commands"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// runMain runs an app as its program would, with these arguments.
func runMain(ctx context.Context, app *api.App, args ...string) programtest.Result {
	return programtest.Run(ctx, app.Pipeline(), commands.All(), args...)
}

type word struct {
	Word string `json:"word"`
	At   int64  `json:"at"`
}

// words counts words for ever, and prints each new count.
func words(opts ...api.InputOption[word]) *api.App {
	app := api.New("words")
	app.From("words", opts...).
		PartitionBy("by-word", func(w word) string { return w.Word }).
		Count("count").
		To("counts")
	return app
}
