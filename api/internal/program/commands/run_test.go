package commands_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
)

func TestRun_FeedsOnceAndPrints(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`+"\r\n\n"+`{"word":"a"}`)
	args := []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	r := runMain(t.Context(), words(), args...).Succeeded(t)
	if got := r.Lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n"}) {
		t.Errorf("printed %q", got)
	}
	if r := runMain(t.Context(), words(), args...).Succeeded(t); r.Out != "" {
		t.Errorf("the second run printed %q", r.Out)
	}
	programtest.WriteFile(t, file, `{"word":"a"}`+"\n"+`{"word":"b"}`+"\r\n\n"+`{"word":"a"}`+"\n"+`{"word":"b"}`+"\n")
	if r := runMain(t.Context(), words(), args...).Succeeded(t); r.Out != "2\n" {
		t.Errorf("the file has grown by a word; printed %q", r.Out)
	}
	programtest.WriteFile(t, file, `{"word":"a"}`)
	runMain(t.Context(), words(), args...).Failed(t, "words.json", "12 bytes", "another name")
}

func TestFeed_ByKey(t *testing.T) {
	app := api.New("words")
	app.FromKeyed[string, word]("words").Count("count").To("counts")
	file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), strings.Repeat(`{"word":"a"}`+"\n"+`{"word":"b"}`+"\n", 3))
	r := runMain(t.Context(), app, "-feed", "words="+file, "-key", "words=word", "-once", "-print", "counts").Succeeded(t)
	if got := r.Lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n", "2\n", "3\n", "3\n"}) {
		t.Errorf("printed %q\n%s", got, r.Err)
	}
	runMain(t.Context(), app, "-feed", "words="+file, "-key", "words=nothing", "-once").Failed(t, "words.json", "byte 13", `no field "nothing"`)
	runMain(t.Context(), app, "-feed", "words="+file, "-once").Failed(t, "topic words, partition 0, offset 0", "no key", "PartitionBy")
}

func TestPrint_SeveralTopicsWithKeys(t *testing.T) {
	app := api.New("words")
	in := app.FromKeyed[string, word]("words")
	in.Count("count").To("counts")
	in.Map(func(w word) string { return w.Word + "\n" }).To("lines")
	file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`+"\n")
	args := []string{"-feed", "words=" + file, "-key", "words=word", "-once", "-print", "counts", "-print", "lines", "-print", "counts"}
	if got := runMain(t.Context(), app, args...).Succeeded(t).Lines(); !slices.Equal(got, []string{`"a\n"` + "\n", `"b\n"` + "\n", "1\n", "1\n"}) {
		t.Errorf("printed %q", got)
	}
	got := runMain(t.Context(), app, append(args, "-print-keys")...).Succeeded(t).Lines()
	if want := []string{
		`{"topic":"counts","key":"a","value":1}` + "\n", `{"topic":"counts","key":"b","value":1}` + "\n",
		`{"topic":"lines","key":"a","value":"a\n"}` + "\n", `{"topic":"lines","key":"b","value":"b\n"}` + "\n",
	}; !slices.Equal(got, want) {
		t.Errorf("printed %q", got)
	}
}

// A key is what the pipeline's own would be, whatever its text is.
func TestFeed_KeyThroughSerde(t *testing.T) {
	type name string
	type pair struct{ A, B int }
	type line struct {
		Name name `json:"name"`
		Pair pair `json:"pair"`
	}
	for field, text := range map[string]string{
		"name": `{"name":"ada"}` + "\n" + `{"name":"\u0061da"}` + "\n" + `{"name" : "ad\u0061"}` + "\n",
		"pair": `{"pair":{"A":1,"B":2}}` + "\n" + `{"pair":{"B":2,"A":1}}` + "\n" + `{"pair":{ "A": 1, "B": 2 }}` + "\n",
	} {
		app := api.New("names")
		if field == "name" {
			app.FromKeyed[name, line]("lines").Count("count").To("counts")
		} else {
			app.FromKeyed[pair, line]("lines").Count("count").To("counts")
		}
		file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "lines.json"), text)
		r := runMain(t.Context(), app, "-feed", "lines="+file, "-key", "lines="+field, "-once", "-print", "counts").Succeeded(t)
		if r.Out != "1\n2\n3\n" {
			t.Errorf("%s: printed %q\n%s", field, r.Out, r.Err)
		}
	}
}

// Topics that match a pattern are fed like any other, and found when the job is planned.
func TestFeed_TopicsOfPattern(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`)
	app := api.New("words")
	app.FromMatching[word]("words", "words-.*").PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To("counts")
	args := []string{"-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	feed := append(args, "-feed", "words-eu="+file, "-feed", "words-us="+file)
	if got := runMain(t.Context(), app, feed...).Succeeded(t).Lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n", "2\n"}) {
		t.Errorf("printed %q", got)
	}
	more := append(args, "-feed", "words-africa="+file) // a new topic, in the same state
	if got := runMain(t.Context(), app, more...).Succeeded(t).Lines(); !slices.Equal(got, []string{"3\n", "3\n"}) {
		t.Errorf("printed %q", got)
	}
	runMain(t.Context(), app, "-once", "-feed", "other="+file).Failed(t, "no input topic")
	runMain(t.Context(), app, "-once").Failed(t, `no topic's whole name matches "words-.*"`, "-feed TOPIC=FILE")
	if r := runMain(t.Context(), app, "plan").Succeeded(t); !strings.Contains(r.Out, `reads   words..., 4 partitions, matches "words-.*"`) {
		t.Errorf("plan:\n%s", r.Out)
	}
}

// Records from before the first start aren't read, those between starts are.
func TestRun_StartsAtNewest(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
	args := []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	app := words(api.StartNewest[word]())
	if r := runMain(t.Context(), app, args...).Succeeded(t); r.Out != "" {
		t.Errorf("printed %q", r.Out)
	}
	programtest.WriteFile(t, file, `{"word":"a"}`+"\n"+`{"word":"a"}`+"\n")
	if r := runMain(t.Context(), app, args...).Succeeded(t); r.Out != "1\n" {
		t.Errorf("printed %q", r.Out)
	}
}

// Records that are deleted before they are read stop the job, unless the input says where
// to go on.
func TestRun_OffsetOutOfRange(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
	args := []string{"-feed", "words=" + file, "-once", "-partitions", "1", "-print", "counts", "-data", filepath.Join(dir, "data")}
	runMain(t.Context(), words(), args...).Succeeded(t)
	other := api.New("other") // has the same log, and feeds the topic
	other.From[word]("words").To("seen")
	more := programtest.WriteFile(t, filepath.Join(dir, "more.json"), strings.Repeat(`{"word":"a"}`+"\n", 3))
	runMain(t.Context(), other, "-feed", "words="+more, "-once", "-data", filepath.Join(dir, "data")).Succeeded(t)
	log, err := local.Open(filepath.Join(dir, "data", "log"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gone := stream.Position{TopicPartition: stream.TopicPartition{Topic: "words"}, Offset: 3}
	if err := errors.Join(log.Admin().DeleteRecords(t.Context(), gone), log.Close()); err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).Failed(t, "words/0: offset 1 is out of range", "3 to 4", "OnOutOfRange")
	if r := runMain(t.Context(), words(api.OnOutOfRange[word](api.ResumeOldest())), args...).Succeeded(t); r.Out != "2\n" {
		t.Errorf("printed %q", r.Out)
	}
}

// A user's record may have the key of the meta record: a restore doesn't confuse them.
func TestRun_KeyOfMetaRecord(t *testing.T) {
	dir := t.TempDir()
	line := `{"word":"\u0000grete.meta\u0000"}` + "\n"
	file := filepath.Join(dir, "words.json")
	for run := 1; run <= 2; run++ {
		programtest.WriteFile(t, file, strings.Repeat(line, run))
		r := runMain(t.Context(), words(), "-feed", "words="+file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data")).Succeeded(t)
		if r.Out != fmt.Sprintln(run) {
			t.Errorf("run %d printed %q", run, r.Out)
		}
		if err := os.RemoveAll(filepath.Join(dir, "data", "state")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRun_BadInput(t *testing.T) {
	dir := t.TempDir()
	bad := programtest.WriteFile(t, filepath.Join(dir, "bad.json"), `{"word":"a"}`+"\n"+`{"word":`+"\n"+`{"word":"b"}`)
	feed := []string{"-feed", "words=" + bad, "-once", "-partitions", "1", "-print", "counts"}
	runMain(t.Context(), words(), feed...).Failed(t, "topic words, partition 0, offset 1", "decoded")
	r := runMain(t.Context(), words(api.OnError[word](api.Skip())), feed...).Succeeded(t)
	if r.Out != "1\n1\n" || !strings.Contains(r.Err, "3 records processed, 0 late, 1 skipped") {
		t.Errorf("got %q\n%s", r.Out, r.Err)
	}
	runMain(t.Context(), words(), "-once").Failed(t, `topic "words" does not exist`, "-feed words=FILE")
	runMain(t.Context(), words(), append(feed, "-data", bad)...).Failed(t, "bad.json", "not a directory")
}

// What a record or a name has in it doesn't reach the terminal as it is.
func TestRun_MessagesAreEscaped(t *testing.T) {
	for name, line := range map[string]string{
		"colour and title": "{\"word\":\x1b[31mred\x1b]0;title\a}", "gzip": "{\x1f\x8b\x08", "a carriage return": "{\"word\":1\r2}",
		"C1 controls": "{\"word\":\u009b31m}", "no UTF-8": "{\xff\xfe", "text from right to left": "{\u202eab}",
	} {
		file := programtest.WriteFile(t, t.TempDir()+string(filepath.Separator)+"\x1b[1mwords.json", line+"\n")
		r := runMain(t.Context(), words(), "-feed", "words="+file, "-once").Failed(t, "topic words, partition 0, offset 0")
		r.Err += runMain(t.Context(), words(), "-feed", "words="+file, "-key", "words=word", "-once").Failed(t, `x1b[1mwords.json`).Err
		for i, c := range r.Err {
			if c != '\n' && !unicode.IsPrint(c) || c == utf8.RuneError && !strings.HasPrefix(r.Err[i:], "\ufffd") {
				t.Errorf("%s: %q at %d in %q", name, c, i, r.Err)
				break
			}
		}
	}
}

// Wrong flags are reported before anything is done.
func TestRun_RefusesWrongFlags(t *testing.T) {
	programtest.WithoutKafka(t)
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"an unknown flag":          {[]string{"-nonsense"}, []string{"nonsense"}},
		"a feed without a file":    {[]string{"-feed", "words"}, []string{"TOPIC=FILE"}},
		"an unknown input":         {[]string{"-feed", "nothing=" + file}, []string{"-feed nothing=", "no input topic"}},
		"a feed of no file":        {[]string{"-feed", "words=" + filepath.Join(dir, "none")}, []string{"none", "no such file"}},
		"a key of no feed":         {[]string{"-key", "words=word"}, []string{"-key words=word", "no -feed"}},
		"an unknown output":        {[]string{"-print", "nothing"}, []string{"-print nothing", "no output topic"}},
		"a size that is none":      {[]string{"-memory", "much"}, []string{`-memory: "much"`, "256MB"}},
		"too small a size":         {[]string{"-memory", "1MB"}, []string{"-memory 1MB", "16MB"}},
		"no containers":            {[]string{"-containers", "0"}, []string{"-containers 0", "positive"}},
		"no processes":             {[]string{"-processes", "0"}, []string{"-processes 0", "positive"}},
		"processes that end":       {[]string{"-processes", "2"}, []string{"-processes 2", "-once", "-containers 2"}},
		"a stage alone":            {[]string{"-stage", "by-word"}, []string{"-stage by-word", "embedded log", "-kafka HOST:PORT"}},
		"a stage that ends":        {[]string{"-stage", "by-word", "-kafka", "localhost:1"}, []string{"-stage by-word", "-once", "all of its stages"}},
		"negative partitions":      {[]string{"-partitions=-1"}, []string{"-partitions -1", "positive"}},
		"partitions by a typo":     {[]string{"-partitions", "1000000"}, []string{"-partitions 1000000", "at most 10000"}},
		"a negative number":        {[]string{"-commit-interval", "-5s"}, []string{`--commit-interval="-5s"`}},
		"no time between commits":  {[]string{"-commit-interval", "0s"}, []string{"-commit-interval 0s", "positive"}},
		"an address without port":  {[]string{"-http", "nonsense"}, []string{`-http: "nonsense"`, "HOST:PORT"}},
		"an address without sense": {[]string{"-http", ":123456"}, []string{`-http: ":123456"`, "HOST:PORT"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			r := runMain(t.Context(), words(), append(test.args, "-once", "-data", data)...)
			r.Failed(t, append(test.want, "see -help")...)
			if _, err := os.Stat(data); r.Code != 2 || err == nil || strings.Count(r.Err, "\n") != 1 {
				t.Errorf("exit %d, data directory: %v\n%s", r.Code, err, r.Err)
			}
		})
	}
}

// Errors and panics of the user's functions name the record and the operator.
func TestRun_NamesRecordAndOperatorOfErrors(t *testing.T) {
	file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`)
	feed := []string{"-feed", "words=" + file, "-once", "-partitions", "1"}
	failing := api.New("words")
	failing.From[word]("words").TryMap("check", func(w word) (word, error) {
		if w.Word == "b" {
			return w, errors.New("b is no word")
		}
		return w, nil
	}).To("checked")
	runMain(t.Context(), failing, feed...).Failed(t, "topic words, partition 0, offset 1", `"check" at commands/run_test.go:`, "b is no word")

	panicking := api.New("words")
	panicking.From[word]("words").Map(func(w word) string { return strings.Fields("")[len(w.Word)] }).To("firsts")
	runMain(t.Context(), panicking, feed...).Failed(t, "topic words, partition 0, offset 0", "map at commands/run_test.go:", "index out of range", "run_test.go:")
}

// So do those of the functions that see a record before any operator.
func TestRun_PanicInEventTime(t *testing.T) {
	file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`+"\n"+`{"word":""}`)
	feed := []string{"-feed", "words=" + file, "-once", "-partitions", "1", "-print", "counts"}
	first := api.EventTime(func(w word) time.Time { return time.UnixMilli(int64(w.Word[0])) })
	runMain(t.Context(), words(first), feed...).Failed(t, "topic words, partition 0, offset 1", "index out of range", "run_test.go:")
	if r := runMain(t.Context(), words(first, api.OnError[word](api.Skip())), feed...).Succeeded(t); r.Out != "1\n" {
		t.Errorf("printed %q", r.Out)
	}
}

// State of another type than the program's is refused.
func TestRun_RefusesChangedStore(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	args := []string{"-feed", "words=" + file, "-once", "-data", filepath.Join(dir, "data")}
	runMain(t.Context(), words(), args...).Succeeded(t)
	changed := api.New("words")
	changed.From[word]("words").PartitionBy("by-word", func(w word) string { return w.Word }).
		Fold("count", func(n int32, _ word) int32 { return n + 1 }).To("counts")
	r := runMain(t.Context(), changed, args...).Failed(t, "refused")
	for _, want := range []string{"store count", "int64", "int32", "new name"} {
		if !strings.Contains(r.Err, want) {
			t.Errorf("%q is missing in\n%s", want, r.Err)
		}
	}
}

// A data directory belongs to one process.
func TestRun_RefusesLockedDirectory(t *testing.T) {
	dir := t.TempDir()
	lock, err := local.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-feed", "words=" + programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`), "-once", "-data", dir}
	runMain(t.Context(), words(), args...).Failed(t, dir, "in use by another process", fmt.Sprintf("pid %d", os.Getpid()), "another directory")
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).Succeeded(t)
}

// A run that is stopped commits, and succeeds.
func TestRun_CommitsWhenStopped(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	ctx, cancel := context.WithCancel(t.Context())
	app := api.New("words")
	app.From[word]("words").Peek(func(word) { cancel() }).PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To("counts")
	args := []string{"-feed", "words=" + file, "-print", "counts", "-data", filepath.Join(dir, "data")}
	first := runMain(ctx, app, args...).Succeeded(t)
	second := runMain(t.Context(), app, append(args, "-once")...).Succeeded(t)
	if first.Out+second.Out != "1\n" {
		t.Errorf("printed %q and then %q", first.Out, second.Out)
	}
}

// A run stops after the record at which it is, however many have arrived.
func TestRun_StopsBetweenRecords(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), strings.Repeat(`{"word":"a"}`+"\n", 1000))
	args := []string{"-feed", "words=" + file, "-partitions", "1", "-print", "seen", "-data", filepath.Join(dir, "data")}
	n := 0
	ctx, cancel := context.WithCancel(t.Context())
	app := api.New("words")
	app.From[word]("words").Peek(func(word) {
		if n++; n == 3 {
			cancel()
		}
		if ctx.Err() != nil {
			<-time.After(time.Millisecond) // a slow function: the stop arrives in between
		}
	}).To("seen")
	first := runMain(ctx, app, args...).Succeeded(t)
	if got := len(first.Lines()); n > 300 || got != n {
		t.Errorf("processed %d records after the stop, and printed %d", n, got)
	}
	second := runMain(t.Context(), app, append(args, "-once")...).Succeeded(t)
	if len(first.Lines())+len(second.Lines()) != 1000 {
		t.Errorf("printed %d and then %d", len(first.Lines()), len(second.Lines()))
	}
}

// A stalled stage doesn't hold up the one before it.
func TestRun_SlowStageHoldsUpNoOther(t *testing.T) {
	dir := t.TempDir()
	const n = 20_000
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), strings.Repeat(`{"word":"a"}`+"\n", n))
	read, standing := 0, make(chan struct{})
	app := api.New("words")
	app.From[word]("words").Peek(func(word) {
		if read++; read == n {
			close(standing)
		}
	}).PartitionBy("by-word", func(w word) string { return w.Word }).
		Peek(func(word) { <-standing }).
		Count("count").To("counts")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	runMain(ctx, app, "-feed", "words="+file, "-once").Succeeded(t)
	if read != n {
		t.Errorf("the first stage read %d of %d records", read, n)
	}
}

func TestCommands_Output(t *testing.T) {
	r := runMain(t.Context(), words(), "plan").Succeeded(t)
	if !strings.Contains(r.Out, "stage by-word") || !strings.Contains(r.Out, "words-count-changelog") {
		t.Errorf("plan:\n%s", r.Out)
	}
	for format, want := range map[string]string{"-dot": "digraph", "-mermaid": "flowchart", "-json": `"nodes"`, "-svg": "<svg"} {
		if r := runMain(t.Context(), words(), "graph", format).Succeeded(t); !strings.Contains(r.Out, want) {
			t.Errorf("graph %s:\n%s", format, r.Out)
		}
	}
	if r := runMain(t.Context(), words(), "-help").Succeeded(t); !strings.Contains(r.Out, "run -help") {
		t.Errorf("help:\n%s", r.Out)
	}
}

// A program without a command line reads the environment, too.
func TestRun_ReadsEnvironment(t *testing.T) {
	programtest.WithoutKafka(t)
	t.Setenv("GRETE_KAFKA", "nonsense")
	if err := words().Run(t.Context()); err == nil || !strings.Contains(err.Error(), `GRETE_KAFKA: "nonsense"`) {
		t.Errorf("got %v", err)
	}
}

// A run says where its log and state are, and counts a single record in the singular.
func TestRun_FirstAndLastLines(t *testing.T) {
	r := runMain(t.Context(), words(), "-feed", "words="+programtest.WriteFile(t, t.TempDir()+"/words.json", `{"word":"a"}`), "-once").Succeeded(t)
	for _, want := range []string{"words: on the embedded log in ", "which is removed", "words: state in ", "words: 1 record processed, 0 late, 0 skipped\n"} {
		if !strings.Contains(r.Err, want) {
			t.Errorf("%q is missing in\n%s", want, r.Err)
		}
	}
}
