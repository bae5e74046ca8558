package commands_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/plan"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// A revision is a later version of the program that counts words, and the verdict on it.
type revision struct {
	record  func(app *api.App)
	verdict compare.Fit
	// counts is what it makes of one more "a", of which there were two before. Nothing
	// where it is refused.
	counts []string
	from   string // the revision before; "none" if empty
}

func byWord(w word) string { return w.Word }

func ones(a string, _ word) string { return a + "1" }

func other(w word) string { return "=" + w.Word }

// revisions are changes to words with a second count, by something else.
func revisions() map[string]revision {
	count := func(s api.Stream[word]) api.KeyedStream[string, word] {
		k := s.PartitionBy("by-word", byWord)
		k.Count("count").To("counts")
		return k
	}
	second := func(s api.Stream[word]) { s.PartitionBy("by-other", other).Count("other").To("others") }
	return map[string]revision{
		"none": {func(app *api.App) {
			s := app.From[word]("words")
			count(s)
			second(s)
		}, compare.Same, []string{"3\n"}, ""},
		"operator inserted": {func(app *api.App) {
			s := app.From[word]("words").Filter(func(word) bool { return true })
			count(s)
			second(s)
		}, compare.Compatible, []string{"3\n"}, ""},
		"stage removed": {func(app *api.App) { count(app.From[word]("words")) }, compare.Restart, []string{"3\n"}, ""},
		"store added": {func(app *api.App) {
			s := app.From[word]("words")
			count(s).Count("more").To("counts")
			second(s)
		}, compare.Restart, []string{"1\n", "3\n"}, ""},
		"store removed": {func(app *api.App) {
			s := app.From[word]("words")
			count(s)
			second(s)
		}, compare.Restart, []string{"3\n"}, "store added"},
		"input added": {func(app *api.App) {
			s := app.FromTopics[word]([]string{"words", "others-words"})
			count(s)
			second(s)
		}, compare.Restart, []string{"3\n"}, ""},
		"stage starts over": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-new", byWord).Fold("text", ones).To("counts")
			second(s)
		}, compare.Restart, []string{"\"1\"\n"}, ""},
		"store renamed": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-word", byWord).Count("renamed").To("counts")
			second(s)
		}, compare.Incompatible, nil, ""},
		"repartition renamed": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-renamed", byWord).Count("count").To("counts")
			second(s)
		}, compare.Incompatible, nil, ""},
		"store serde": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-word", byWord).Fold("count", ones).To("counts")
			second(s)
		}, compare.Incompatible, nil, ""},
		"store replaced": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-word", byWord).Fold("text", ones).To("counts")
			second(s)
		}, compare.Incompatible, nil, ""},
		"last store removed": {func(app *api.App) {
			s := app.From[word]("words")
			s.PartitionBy("by-word", byWord).To("counts")
			second(s)
		}, compare.Incompatible, nil, ""},
		"input before": {func(app *api.App) {
			s := app.FromTopics[word]([]string{"others-words", "words"})
			count(s)
			second(s)
		}, compare.Incompatible, nil, ""},
	}
}

func (r revision) app() *api.App {
	app := api.New("words")
	r.record(app)
	return app
}

func (r revision) before() string {
	if r.from == "" {
		return "none"
	}
	return r.from
}

// A run does what the verdict says: a compatible revision goes on where the last one
// stopped, and one that would lose its state, or read an input again, doesn't start.
func TestVerdict_HoldsForRun(t *testing.T) {
	all := revisions()
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), strings.Repeat(`{"word":"a"}`+"\n", 2))
			none := programtest.WriteFile(t, filepath.Join(dir, "none.json"), "")
			args := []string{"-feed", "words=" + file, "-feed", "others-words=" + none, "-once", "-print", "counts", "-data", filepath.Join(dir, "data"), "-partitions", "2"}
			without := slices.Delete(slices.Clone(args), 2, 4)
			runMain(t.Context(), all[r.before()].app(), without...).Succeeded(t)
			programtest.WriteFile(t, file, strings.Repeat(`{"word":"a"}`+"\n", 3))
			if !strings.HasPrefix(name, "input") {
				args = without
			}
			got := runMain(t.Context(), r.app(), args...)
			if got.Code != 0 {
				got.Out = ""
			}
			if !slices.Equal(got.Lines(), r.counts) || (got.Code != 0) != (r.counts == nil) {
				t.Errorf("exit %d, printed %q, want %q\n%s", got.Code, got.Out, r.counts, got.Err)
			}
		})
	}
}

// planFile writes a plan of the app to a file.
func planFile(t *testing.T, app *api.App, args ...string) string {
	t.Helper()
	r := runMain(t.Context(), app, append([]string{"plan", "-json"}, args...)...).Succeeded(t)
	return programtest.WriteFile(t, filepath.Join(t.TempDir(), "plan.json"), r.Out)
}

func TestPlanAgainst_Verdicts(t *testing.T) {
	all := revisions()
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			before := planFile(t, all[r.before()].app(), "-partitions", "3")
			got := runMain(t.Context(), r.app(), "plan", "-json", "-against", before)
			var shown plan.Comparison
			if err := json.Unmarshal([]byte(got.Out), &shown); err != nil {
				t.Fatalf("%v\n%s", err, got.Out)
			}
			if shown.Verdict.Kind != r.verdict || shown.Plan.App != "words" {
				t.Errorf("%s, want %s\n%s", shown.Verdict.Kind, r.verdict, shown.Verdict.Text())
			}
			if want := r.verdict == compare.Incompatible; (got.Code == 1) != want {
				t.Errorf("exit %d", got.Code)
			}
			text := runMain(t.Context(), r.app(), "plan", "-against", before)
			if !strings.HasPrefix(text.Out, "words: ") || !strings.HasSuffix(text.Out, shown.Verdict.Text()) || text.Code != got.Code {
				t.Errorf("exit %d, as text\n%s", text.Code, text.Out)
			}
		})
	}
}

func TestPlanAgainst_RefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	changed, err := os.ReadFile(planFile(t, words()))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ file, want string }{
		"missing":         {filepath.Join(dir, "nowhere"), "no such file"},
		"empty":           {programtest.WriteFile(t, filepath.Join(dir, "empty"), ""), "plan -json"},
		"a graph":         {programtest.WriteFile(t, filepath.Join(dir, "graph"), runMain(t.Context(), words(), "graph", "-json").Out), "is it a plan?"},
		"changed by hand": {programtest.WriteFile(t, filepath.Join(dir, "changed"), strings.ReplaceAll(string(changed), "by-word", "by-hand")), "changed by hand"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := runMain(t.Context(), words(), "plan", "-against", tt.file)
			r.Failed(t, filepath.Base(tt.file), tt.want)
			if r.Out != "" || r.Code != 1 {
				t.Errorf("exit %d, printed\n%s", r.Code, r.Out)
			}
		})
	}
}

// Without a cluster, topics are assumed to be as the earlier plan has them.
func TestPlanAgainst_KeepsTopicsOfPlan(t *testing.T) {
	app := words()
	p, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"words": 12, "words-by-word": 7, "counts": 5}}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	before := programtest.WriteFile(t, filepath.Join(t.TempDir(), "plan.json"), string(b))
	if r := runMain(t.Context(), words(), "plan", "-against", before).Succeeded(t); !strings.HasSuffix(r.Out, "\n\nchange: none: the plan is the same\n") {
		t.Errorf("printed\n%s", r.Out)
	}
}
