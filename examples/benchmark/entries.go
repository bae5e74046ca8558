package main

import (
	"strings"

	"github.com/gretestream/grete/api"
)

// lookUp is the value of a record that looks up the entry of its key. No entry begins with it.
const lookUp = "?"

// entries is the workload w4. A record either puts an entry into a store under its key, or
// looks up the entry of its key, which is then written to the output. After a loss of the
// local state, all of it must be restored before the first answer.
func entries(s settings, first func()) *api.App {
	app := api.New(s.runID)
	app.FromKeyed[string, string](s.input).
		Peek(func(string) { first() }).
		Fold("entries", putOrGet).
		Updates().
		Filter(isAnswer).
		MapValues(answered).
		To(s.output)
	return app
}

// putOrGet returns the entry of a key after a record. After a look-up the entry begins with
// lookUp, until it is put again.
func putOrGet(entry, value string) string {
	if value != lookUp {
		return value
	}
	return lookUp + answered(entry)
}

func isAnswer(entry string) bool { return strings.HasPrefix(entry, lookUp) }

func answered(entry string) string { return strings.TrimPrefix(entry, lookUp) }
