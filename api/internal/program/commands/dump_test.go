package commands_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/commands"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// dumpedWords counts words, and those of each minute.
func dumpedWords() *api.App {
	app := api.New("words")
	byWord := app.From("words", api.EventTime(func(w word) time.Time { return time.UnixMilli(w.At) })).PartitionBy("by-word", func(w word) string { return w.Word })
	byWord.Count("count").To("counts")
	byWord.Window("per-minute", api.Tumbling(time.Minute)).Count().To("minutes")
	return app
}

// background runs an app until it is stopped, and returns the address of its HTTP API.
func background(t *testing.T, app *api.App, args ...string) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, said programtest.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- program.Execute(ctx, app.Pipeline(), args, program.Console{App: "words", Out: &out, Err: &said, Config: programtest.Config()}, commands.All()...)
	}()
	stop = func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d\n%s", code, said.String())
		}
		ended <- 0
	}
	t.Cleanup(stop)
	at := regexp.MustCompile(`job at https?://(\S+)/api`)
	await(t, "its HTTP API", func() bool { return at.MatchString(said.String()) })
	return at.FindStringSubmatch(said.String())[1], stop
}

// await polls until is returns true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: it takes too long", what)
		}
	}
}

// The entries of a store are the same from the running job, page by page, and from the
// changelog after it has stopped.
func TestDump_RunningJobEqualsChangelog(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	data := filepath.Join(dir, "data")
	const keys = 2100 // more than two pages
	var lines strings.Builder
	for i := range 2 * keys {
		_, _ = fmt.Fprintf(&lines, `{"word":"w%04d","at":%d}`+"\n", i%keys, i)
	}
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), lines.String())
	address, stop := background(t, dumpedWords(), "-data", data, "-feed", "words="+file, "-partitions", "3", "-commit-interval", "20ms")
	dump := func(args ...string) string {
		return runMain(t.Context(), dumpedWords(), append([]string{"stores", "dump"}, args...)...).Succeeded(t).Out
	}
	await(t, "count all", func() bool { return strings.Count(dump("count", "-address", address), `"value":2}`) == keys })
	counts, minutes := dump("count", "-address", address), dump("per-minute", "-address", address)
	want := `{"key":"w0000","value":2}` + "\n" + `{"key":"w0001","value":2}` + "\n"
	if !strings.HasPrefix(counts, want) || !slices.IsSorted(slices.Collect(strings.Lines(counts))) {
		t.Errorf("it says\n%.300s", counts)
	}
	if want := `{"key":"w0000","start":0,"end":60000,"value":2}` + "\n"; !strings.HasPrefix(minutes, want) {
		t.Errorf("of windows it says\n%.300s", minutes)
	}
	runMain(t.Context(), dumpedWords(), "stores", "dump", "count", "-data", data).Failed(t, "store count", data, "-address")
	stop()
	if got := dump("count", "-data", data); got != counts {
		t.Errorf("the changelog has\n%.300s", got)
	}
	if got := dump("per-minute", "-data", data, "-memory", "64MB"); got != minutes {
		t.Errorf("the changelog of windows has\n%.300s", got)
	}
	left, err := os.ReadDir(temp)
	left = slices.DeleteFunc(left, func(e os.DirEntry) bool { return e.Name() == filepath.Base(programtest.Config()) })
	if err != nil || len(left) > 0 {
		t.Errorf("it has left %v, %v", left, err)
	}
}

func TestStores_ListAndErrors(t *testing.T) {
	r := runMain(t.Context(), dumpedWords(), "stores", "list").Succeeded(t)
	want := "STORE       STAGE    LAYOUT   KEY     VALUE\n" +
		"count       by-word  values   string  int64\n" +
		"per-minute  by-word  windows  string  int64\n"
	if r.Out != want {
		t.Errorf("it lists\n%s", r.Out)
	}
	for _, test := range []struct {
		args  []string
		words []string
	}{
		{[]string{"nothing"}, []string{`no store "nothing"`, "count, per-minute"}},
		{[]string{"count", "-data", t.TempDir()}, []string{"no embedded log", "-kafka", "-address"}},
		{[]string{"count", "-memory", "much"}, []string{"-memory"}},
		{[]string{"count", "-address", "127.0.0.1:1"}, []string{"store count", "127.0.0.1:1"}},
	} {
		runMain(t.Context(), dumpedWords(), append([]string{"stores", "dump"}, test.args...)...).Failed(t, test.words...)
	}
}
