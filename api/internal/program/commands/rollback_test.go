package commands_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// rollback judges the way back, and says which program to start; the former version then goes
// on with the state.
func TestRollback_JudgesTheWayBack(t *testing.T) {
	all := revisions()
	for name, want := range map[string]string{
		"operator inserted": "replace the running processes, one at a time: stop one, and start the program that ran by plan 1: ",
		"store added":       "stop all processes of the running version, then start the program that ran by plan 1: ",
		"stage removed":     "stop all processes of the running version, then start the program that ran by plan 1: ",
		"stage starts over": "drain the job with the command drain of the running version, then start the program that ran by plan 1: ",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			data := filepath.Join(dir, "data")
			file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
			run := func(r revision) programtest.Result {
				t.Helper()
				return runMain(t.Context(), r.app(), "-feed", "words="+file, "-once", "-print", "counts", "-data", data, "-partitions", "2").Succeeded(t)
			}
			run(all["none"])
			runMain(t.Context(), all["none"].app(), "rollback", "-data", data).Failed(t, "the job has run no other version here")
			run(all[name])
			got := runMain(t.Context(), all[name].app(), "rollback", "-data", data).Succeeded(t)
			if !strings.HasPrefix(got.Out, want) || !strings.Contains(got.Out, "SHA-256 ") || !strings.Contains(got.Err, "back to plan 1") {
				t.Errorf("it prints\n%s%s", got.Out, got.Err)
			}
			programtest.WriteFile(t, file, strings.Repeat(`{"word":"a"}`+"\n", 2))
			if name != "stage starts over" { // the store has missed nothing
				if back := run(all["none"]); back.Out != "2\n" {
					t.Errorf("the former version prints %q\n%s", back.Out, back.Err)
				}
			}
		})
	}
}

func TestRollback_RefusesALoss(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
	for _, version := range []func(*api.App){countWords, countBoth, countWords} {
		runMain(t.Context(), record(version), "-feed", "words="+file, "-once", "-data", data).Succeeded(t)
	}
	list := runMain(t.Context(), record(countWords), "rollback", "-list", "-data", data).Succeeded(t)
	if lines := strings.Split(strings.TrimSpace(list.Out), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "3 ") || !strings.HasPrefix(lines[2], "2 ") {
		t.Errorf("the list is\n%s", list.Out)
	}
	runMain(t.Context(), record(countWords), "rollback", "-to", "1", "-data", data).Failed(t, "no plan with number 1 is recorded; -list shows")
	runMain(t.Context(), record(func(app *api.App) {
		app.From[word]("words").PartitionBy("by-word", byWord).Fold("count", ones).To("counts")
	}), "reset", "-to", "oldest", "-yes", "-data", data).Succeeded(t)
	runMain(t.Context(), record(countWords), "rollback", "-data", data).Failed(t, "plan 3", "the change is refused", "reset")
}
