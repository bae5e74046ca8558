package commands_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/commands"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// wordsPerMinute counts words in windows of event time, behind a repartition topic.
func wordsPerMinute() *api.App {
	app := api.New("words")
	app.From("words", api.EventTime(func(w word) time.Time { return time.UnixMilli(w.At) })).
		PartitionBy("by-word", func(w word) string { return w.Word }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("counts")
	return app
}

// someWords come in the first minutes of 1970.
const someWords = `{"word":"a","at":1000}` + "\n" + `{"word":"b","at":2000}` + "\n" + `{"word":"a","at":3000}` + "\n" +
	`{"word":"a","at":61000}` + "\n" + `{"word":"b","at":125000}` + "\n" + `{"word":"b","at":126000}` + "\n"

func TestReset_Windows(t *testing.T) {
	for _, where := range []string{"oldest", "1970-01-01T00:00:00Z", "1000h"} {
		args, data := fedWindows(t)
		first := runMain(t.Context(), wordsPerMinute(), args...).Succeeded(t).Lines()
		if len(first) != 4 {
			t.Fatalf("printed %q", first)
		}
		r := runMain(t.Context(), wordsPerMinute(), "reset", "-to", where, "-yes", "-data", data).Succeeded(t)
		for _, want := range []string{"words: partitions 0 to 1 from 3 to 0", "words-by-word, between stages, has nothing in flight", "store per-minute is emptied", "done"} {
			if !strings.Contains(r.Err, want) {
				t.Errorf("%q is missing in\n%s", want, r.Err)
			}
		}
		if again := runMain(t.Context(), wordsPerMinute(), args...).Succeeded(t).Lines(); !slices.Equal(first, again) {
			t.Errorf("printed %q, and then %q", first, again)
		}
	}
}

func fedWindows(t *testing.T) (args []string, data string) {
	t.Helper()
	dir := t.TempDir()
	data = filepath.Join(dir, "data")
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), someWords)
	return []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", data, "-partitions", "2"}, data
}

func TestReset_ToNewest(t *testing.T) {
	data, args := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-to", "newest", "-yes", "-data", data).Succeeded(t)
	if r := runMain(t.Context(), words(), args...).Succeeded(t); r.Out != "1\n" { // of one word more
		t.Errorf("printed %q", r.Out)
	}
}

func TestReset_KeepsState(t *testing.T) {
	data, args := fedOnce(t)
	r := runMain(t.Context(), words(), "reset", "-to", "oldest", "-state", "keep", "-yes", "-data", data).Succeeded(t)
	if !strings.Contains(r.Err, "counted again") || strings.Contains(r.Err, "emptied") {
		t.Errorf("it says\n%s", r.Err)
	}
	if got := runMain(t.Context(), words(), args...).Succeeded(t).Lines(); !slices.Equal(got, []string{"2\n", "2\n", "3\n"}) {
		t.Errorf("printed %q", got)
	}
}

// A program that changes a store can start with it empty, even if a disk still has its
// former entries, but not with its state.
func TestReset_ChangedStore(t *testing.T) {
	data, args := fedOnce(t)
	changed := func() *api.App {
		app := api.New("words")
		app.From[word]("words").PartitionBy("by-word", func(w word) string { return w.Word }).
			Fold("count", func(n string, _ word) string { return n + "x" }).To("counts")
		return app
	}
	runMain(t.Context(), changed(), args...).Failed(t, "the change is refused")
	runMain(t.Context(), changed(), append(args, "-accept-loss")...).Failed(t, `store "count" holds`)
	runMain(t.Context(), changed(), "reset", "-to", "oldest", "-state", "keep", "-yes", "-data", data).Failed(t, "the change is refused")
	runMain(t.Context(), changed(), "reset", "-to", "oldest", "-yes", "-data", data).Succeeded(t)
	if r := runMain(t.Context(), changed(), args...).Succeeded(t); !slices.Equal(r.Lines(), []string{"\"x\"\n", "\"x\"\n", "\"xx\"\n"}) {
		t.Errorf("printed %q", r.Out)
	}
}

func TestReset_OnePartition(t *testing.T) {
	data, args := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-offset", "words/0=2", "-yes", "-data", data).Failed(t, "words/0: offset 2 is out of range: the partition holds 0 to 1")
	r := runMain(t.Context(), words(), "reset", "-offset", "words/1=0", "-yes", "-data", data).Succeeded(t)
	if !strings.Contains(r.Err, "words: partition 0 stays at 1; partition 1 from 1 to 0") {
		t.Errorf("it says\n%s", r.Err)
	}
	if got := runMain(t.Context(), words(), args...).Succeeded(t).Lines(); !slices.Equal(got, []string{"1\n", "1\n"}) {
		t.Errorf("printed %q", got)
	}
}

func TestReset_AsksFirst(t *testing.T) {
	data, _ := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-to", "oldest", "-data", data).Failed(t, "no terminal to ask", "-yes")
	for answer, done := range map[string]bool{"": false, "no\n": false, "y\n": false, "yes\n": true} {
		var said programtest.Buffer
		console := program.Console{App: "words", Out: &said, Err: &said, In: strings.NewReader(answer)}
		code := program.Execute(t.Context(), words().Pipeline(), []string{"reset", "-to", "oldest", "-data", data}, console, commands.All()...)
		if done != (code == 0) || done == strings.Contains(said.String(), "nothing was changed") {
			t.Errorf("%q: exit %d\n%s", answer, code, said.String())
		}
	}
}

func TestReset_RefusesWrongFlags(t *testing.T) {
	programtest.WithoutKafka(t)
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "-to oldest"},
		{[]string{"-to", "yesterday"}, 2, "-to yesterday"},
		{[]string{"-to", "-5m"}, 2, "-5m"},
		{[]string{"-offset", "words=3"}, 2, "TOPIC/PARTITION=OFFSET"},
		{[]string{"-offset", "words/0=-3"}, 2, "TOPIC/PARTITION=OFFSET"},
		{[]string{"-offset", "words/0=1", "-offset", "words/0=2"}, 2, "already"},
		{[]string{"-to", "oldest", "-state", "some"}, 2, "state"},
		{[]string{"-to", "oldest"}, 1, "never run there"},
	} {
		r := runMain(t.Context(), words(), append([]string{"reset", "-yes", "-data", filepath.Join(dir, "data")}, test.args...)...)
		if r.Failed(t, test.want); r.Code != test.code {
			t.Errorf("%q: exit %d", test.args, r.Code)
		}
	}
}
