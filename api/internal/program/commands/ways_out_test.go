package commands_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// A refusal is a change of a program that run refuses, and the ways out that it names.
type refusal struct {
	before, after func(app *api.App)
	says          []string
	// accepts says that -accept-loss helps, and is named.
	accepts bool
	// rename are the arguments of the command rename that helps; nil: none does.
	rename []string
}

func countWords(app *api.App) {
	app.From[word]("words").PartitionBy("by-word", byWord).Count("count").To("counts")
}

// countBoth has a stage with two stores.
func countBoth(app *api.App) {
	k := app.From[word]("words").PartitionBy("by-word", byWord)
	k.Count("count").To("counts")
	k.Count("second").To("seconds")
}

func countKeyed(app *api.App) { app.FromKeyed[string, word]("words").Count("count").To("counts") }

const byReset = "reset the job with this version, to start without state"

// refusals are all kinds of changes that package compare, the plan and the start refuse.
func refusals() map[string]refusal {
	return map[string]refusal{
		"operator renamed": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-word", byWord).Count("counted").To("counts")
		}, says: []string{"run rename count counted with this version", byReset}, rename: []string{"count", "counted"}},
		"one of two operators renamed": {before: countBoth, after: func(app *api.App) {
			k := app.From[word]("words").PartitionBy("by-word", byWord)
			k.Count("counted").To("counts")
			k.Count("second").To("seconds")
		}, says: []string{"run rename count counted with this version", byReset}, rename: []string{"count", "counted"}, accepts: true},
		"repartition renamed": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-renamed", byWord).Count("count").To("counts")
		}, says: []string{`give the stage's PartitionBy or input its former name, "by-word"`, byReset}},
		"repartition and operator renamed": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-renamed", byWord).Count("counted").To("counts")
		}, says: []string{"give the stage its former name", byReset}, accepts: true},
		"other type of a store": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-word", byWord).Fold("count", ones).To("counts")
		}, says: []string{byReset}},
		"another operator": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-word", byWord).Fold("text", ones).To("counts")
		}, says: []string{byReset}},
		"last store removed": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-word", byWord).To("counts")
		}, says: []string{byReset}},
		"first store": {before: func(app *api.App) {
			app.FromKeyed[string, word]("words").To("counts")
		}, after: countKeyed, says: []string{byReset}},
		"input before": {before: countWords, after: func(app *api.App) {
			app.FromTopics[word]([]string{"more", "words"}).PartitionBy("by-word", byWord).Count("count").To("counts")
		}, says: []string{"let stage words read it", byReset}, accepts: true},
		"store moved": {before: countBoth, after: func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-word", byWord).Count("second").To("seconds")
			s.PartitionBy("by-other", other).Count("count").To("counts")
		}, says: []string{"leave the operator in stage by-word", byReset}},
		"repartition to another stage": {before: func(app *api.App) {
			words := app.From[word]("words")
			words.PartitionBy("by-word", byWord).Merge(words.PartitionBy("by-same", byWord)).To("seconds")
		}, after: func(app *api.App) {
			words := app.From[word]("words")
			words.PartitionBy("by-same", byWord).To("seconds")
			words.PartitionBy("by-word", byWord).To("counts")
		}, says: []string{"give the PartitionBy a new name", byReset}, accepts: true},
		"key of a repartition": {before: countWords, after: func(app *api.App) {
			app.From[word]("words").PartitionBy("by-word", func(w word) int64 { return w.At }).Count("count").To("counts")
		}, says: []string{byReset}},
	}
}

// A wayOut is a job in its own data directory, which has run the version before a change.
type wayOut struct {
	*testing.T
	refusal
	args []string
}

func newWayOut(t *testing.T, r refusal) *wayOut {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), strings.Repeat(`{"word":"a"}`+"\n", 2))
	more := programtest.WriteFile(t, filepath.Join(dir, "more.json"), "")
	w := &wayOut{T: t, refusal: r, args: []string{"-once", "-data", filepath.Join(dir, "data"), "-key", "words=word"}}
	feed := []string{"-feed", "words=" + file}
	w.run(r.before, append(feed, "-partitions", "2")...).Succeeded(t)
	programtest.WriteFile(t, file, strings.Repeat(`{"word":"a"}`+"\n", 3))
	w.args = append(w.args, feed...)
	w.args = append(w.args, "-partitions", "2")
	app := api.New("words")
	r.after(app)
	if _, ok := app.Pipeline().Recorded().Reads("more"); ok {
		w.args = append(w.args, "-feed", "more="+more)
	}
	return w
}

func (w *wayOut) run(version func(*api.App), args ...string) programtest.Result {
	w.Helper()
	return runMain(w.Context(), record(version), slices.Concat(w.args, args)...)
}

func record(version func(*api.App)) *api.App {
	app := api.New("words")
	version(app)
	return app
}

// command runs another command of the new version.
func (w *wayOut) command(args ...string) programtest.Result {
	w.Helper()
	return runMain(w.Context(), record(w.after), append(args, "-data", w.args[2])...)
}

// results returns what the new version makes of the third word, or of all of them.
func (w *wayOut) results(args ...string) programtest.Result {
	w.Helper()
	return w.run(w.after, append(args, "-print", "counts")...)
}

// Each change that run refuses has ways out, which its message names: reset with the new
// version in every case, rename where only a name has changed, -accept-loss where it helps.
func TestRefusal_WaysOut(t *testing.T) {
	for name, r := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWayOut(t, r)
			refused := w.run(r.after)
			if refused.Code != 1 {
				t.Fatalf("it isn't refused: exit %d\n%s", refused.Code, refused.Err)
			}
			for _, words := range r.says {
				if !strings.Contains(refused.Err, words) {
					t.Errorf("%q is missing in\n%s", words, refused.Err)
				}
			}
			if named := strings.Contains(refused.Err, "-accept-loss"); named != r.accepts {
				t.Errorf("-accept-loss is named: %v\n%s", named, refused.Err)
			}
			if got := w.results("-accept-loss"); (got.Code == 0) != r.accepts {
				t.Errorf("with -accept-loss: exit %d\n%s", got.Code, got.Err)
			}

			w = newWayOut(t, r)
			w.run(r.after)
			w.command("reset", "-to", "oldest", "-yes").Succeeded(t)
			if got := w.results().Succeeded(t); len(got.Lines()) != 3 {
				t.Errorf("after a reset it prints %q\n%s", got.Lines(), got.Err)
			}
			w.run(r.after).Succeeded(t)

			if r.rename == nil {
				return
			}
			w = newWayOut(t, r)
			w.run(r.after)
			w.command(append([]string{"rename"}, r.rename...)...).Succeeded(t)
			if got := w.results().Succeeded(t); got.Out != "3\n" {
				t.Errorf("after rename it prints %q\n%s", got.Out, got.Err)
			}
		})
	}
}
