package main

import (
	"strings"

	"github.com/gretestream/grete/api"
)

// lookUp is the value of a record that asks for the entry of its key. Entries
// don't begin like it.
const lookUp = "?"

// entries is the workload w4: a record puts an entry into a store under its key, or
// looks it up, and then the entry is written under that key. What it costs is seen
// when the local state was wiped: all of it has to come back before the first
// answer.
func entries(name, input, output string, first func()) *api.App {
	app := api.New(name)
	app.FromKeyed[string, string](input).
		Peek(func(string) { first() }).
		Fold("entries", putOrGet).
		Updates().
		Filter(isAnswer).
		MapValues(answered).
		To(output)
	return app
}

// putOrGet is the entry of a key after a record. One that was looked up last has
// the mark of it, until it is put anew.
func putOrGet(entry, value string) string {
	if value != lookUp {
		return value
	}
	return lookUp + answered(entry)
}

func isAnswer(entry string) bool { return strings.HasPrefix(entry, lookUp) }

func answered(entry string) string { return strings.TrimPrefix(entry, lookUp) }
