package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
)

// A result is what a person gets of a run.
type result struct {
	out, err string
	code     int
}

// runMain runs an app as its program would, with these arguments.
func runMain(ctx context.Context, app *App, args ...string) result {
	var out, err lockedBuffer
	code := app.main(ctx, args, console{out: &out, err: &err})
	return result{out.String(), err.String(), code}
}

// A lockedBuffer is written by several goroutines of a run.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// lines returns what was printed, sorted: partitions have no order among them.
func (r result) lines() []string {
	return slices.Sorted(strings.Lines(r.out))
}

// succeeded fails the test if the run failed.
func (r result) succeeded(t *testing.T) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit %d\n%s", r.code, r.err)
	}
	return r
}

// failed fails the test if the run didn't fail, in one line that has all these
// words, after the lines that every run begins with.
func (r result) failed(t *testing.T, words ...string) result {
	t.Helper()
	if r.code == 0 {
		t.Fatalf("the run didn't fail\n%s", r.err)
	}
	lines := slices.Collect(strings.Lines(r.err))
	last := lines[len(lines)-1]
	for _, w := range words {
		if !strings.Contains(last, w) {
			t.Errorf("%q is missing in the last line of\n%s", w, r.err)
		}
	}
	if strings.Contains(r.err, "goroutine ") {
		t.Errorf("a person gets a stack trace:\n%s", r.err)
	}
	return r
}

type word struct {
	Word string `json:"word"`
	At   int64  `json:"at"`
}

// words counts words for ever, and prints each new count.
func words(opts ...InputOption[word]) *App {
	app := New("words")
	app.From("words", opts...).
		PartitionBy("by-word", func(w word) string { return w.Word }).
		Count("count").
		To("counts")
	return app
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFeedOnceAndPrint(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`+"\r\n\n"+`{"word":"a"}`)
	args := []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	r := runMain(t.Context(), words(), args...).succeeded(t)
	if got := r.lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n"}) {
		t.Errorf("printed %q", got)
	}
	if r := runMain(t.Context(), words(), args...).succeeded(t); r.out != "" {
		t.Errorf("the second run printed %q", r.out)
	}
	writeFile(t, file, `{"word":"a"}`+"\n"+`{"word":"b"}`+"\r\n\n"+`{"word":"a"}`+"\n"+`{"word":"b"}`+"\n")
	if r := runMain(t.Context(), words(), args...).succeeded(t); r.out != "2\n" {
		t.Errorf("the file has grown by a word; printed %q", r.out)
	}
	writeFile(t, file, `{"word":"a"}`)
	runMain(t.Context(), words(), args...).failed(t, "words.json", "12 bytes", "another name")
}

func TestFeedByKey(t *testing.T) {
	app := New("words")
	app.FromKeyed[string, word]("words").Count("count").To("counts")
	file := writeFile(t, filepath.Join(t.TempDir(), "words.json"), strings.Repeat(`{"word":"a"}`+"\n"+`{"word":"b"}`+"\n", 3))
	r := runMain(t.Context(), app, "-feed", "words="+file, "-key", "words=word", "-once", "-print", "counts").succeeded(t)
	if got := r.lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n", "2\n", "3\n", "3\n"}) {
		t.Errorf("printed %q\n%s", got, r.err)
	}
	runMain(t.Context(), app, "-feed", "words="+file, "-key", "words=nothing", "-once").failed(t, "words.json", "byte 13", `no field "nothing"`)
	runMain(t.Context(), app, "-feed", "words="+file, "-once").failed(t, "topic words, partition 0, offset 0", "no key", "PartitionBy")
}

// Topics that a pattern matches are fed as any other, and found when the job is
// planned.
func TestFeedTopicsOfAPattern(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`)
	app := New("words")
	app.FromMatching[word]("words", "words-.*").PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To("counts")
	args := []string{"-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	feed := append(args, "-feed", "words-eu="+file, "-feed", "words-us="+file)
	if got := runMain(t.Context(), app, feed...).succeeded(t).lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n", "2\n"}) {
		t.Errorf("printed %q", got)
	}
	more := append(args, "-feed", "words-africa="+file) // a new topic, in the same state
	if got := runMain(t.Context(), app, more...).succeeded(t).lines(); !slices.Equal(got, []string{"3\n", "3\n"}) {
		t.Errorf("printed %q", got)
	}
	runMain(t.Context(), app, "-once", "-feed", "other="+file).failed(t, "no input topic")
	runMain(t.Context(), app, "-once").failed(t, `no topic whose whole name matches "words-.*"`, "-feed TOPIC=FILE")
	if r := runMain(t.Context(), app, "plan").succeeded(t); !strings.Contains(r.out, `reads   words..., 4 partitions, matches "words-.*"`) {
		t.Errorf("plan:\n%s", r.out)
	}
}

// What was there before the first start isn't read, what comes between starts is.
func TestStartNewest(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
	args := []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data")}
	app := words(StartNewest[word]())
	if r := runMain(t.Context(), app, args...).succeeded(t); r.out != "" {
		t.Errorf("printed %q", r.out)
	}
	writeFile(t, file, `{"word":"a"}`+"\n"+`{"word":"a"}`+"\n")
	if r := runMain(t.Context(), app, args...).succeeded(t); r.out != "1\n" {
		t.Errorf("printed %q", r.out)
	}
}

// Records that are deleted before they are read stop the job, unless it says where
// to go on.
func TestOutOfRange(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n")
	args := []string{"-feed", "words=" + file, "-once", "-partitions", "1", "-print", "counts", "-data", filepath.Join(dir, "data")}
	runMain(t.Context(), words(), args...).succeeded(t)
	other := New("other") // has the same log, and feeds the topic
	other.From[word]("words").To("seen")
	more := writeFile(t, filepath.Join(dir, "more.json"), strings.Repeat(`{"word":"a"}`+"\n", 3))
	runMain(t.Context(), other, "-feed", "words="+more, "-once", "-data", filepath.Join(dir, "data")).succeeded(t)
	log, err := local.Open(filepath.Join(dir, "data", "log"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gone := stream.Position{TopicPartition: stream.TopicPartition{Topic: "words"}, Offset: 3}
	if err := errors.Join(log.Admin().DeleteRecords(t.Context(), gone), log.Close()); err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).failed(t, "words/0: offset 1 is out of range", "3 to 4", "OnOutOfRange")
	if r := runMain(t.Context(), words(OnOutOfRange[word](ResumeOldest())), args...).succeeded(t); r.out != "2\n" {
		t.Errorf("printed %q", r.out)
	}
}

// The key of the meta record can't be a user's: a restore would take one for the
// other.
func TestReservedKeyIsRefused(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"\u0000grete.meta\u0000"}`)
	runMain(t.Context(), words(), "-feed", "words="+file, "-once").failed(t, "store count", "grete.meta", "reserved")
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	bad := writeFile(t, filepath.Join(dir, "bad.json"), `{"word":"a"}`+"\n"+`{"word":`+"\n"+`{"word":"b"}`)
	feed := []string{"-feed", "words=" + bad, "-once", "-partitions", "1", "-print", "counts"}
	runMain(t.Context(), words(), feed...).failed(t, "topic words, partition 0, offset 1", "decoded")
	r := runMain(t.Context(), words(OnError[word](Skip())), feed...).succeeded(t)
	if r.out != "1\n1\n" || !strings.Contains(r.err, "3 records processed, 0 late, 1 skipped") {
		t.Errorf("got %q\n%s", r.out, r.err)
	}
	runMain(t.Context(), words(), "-once").failed(t, `topic "words" does not exist`, "-feed words=FILE")
	runMain(t.Context(), words(), append(feed, "-data", bad)...).failed(t, "bad.json", "not a directory")
}

// What makes no sense is told before anything is done.
func TestCommandLinesThatMakeNoSense(t *testing.T) {
	withoutKafka(t)
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
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
		"a negative number":        {[]string{"-commit-interval", "-5s"}, []string{`--commit-interval="-5s"`}},
		"no time between commits":  {[]string{"-commit-interval", "0s"}, []string{"-commit-interval 0s", "positive"}},
		"an address without port":  {[]string{"-http", "nonsense"}, []string{`-http: "nonsense"`, "HOST:PORT"}},
		"an address without sense": {[]string{"-http", ":123456"}, []string{`-http: ":123456"`, "HOST:PORT"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			r := runMain(t.Context(), words(), append(test.args, "-once", "-data", data)...)
			r.failed(t, append(test.want, "see -help")...)
			if _, err := os.Stat(data); r.code != 2 || err == nil || strings.Count(r.err, "\n") != 1 {
				t.Errorf("exit %d, data directory: %v\n%s", r.code, err, r.err)
			}
		})
	}
}

// Failures and panics of the user's functions are told with record and operator.
func TestUserErrors(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`)
	feed := []string{"-feed", "words=" + file, "-once", "-partitions", "1"}
	failing := New("words")
	failing.From[word]("words").TryMap("check", func(w word) (word, error) {
		if w.Word == "b" {
			return w, errors.New("b is no word")
		}
		return w, nil
	}).To("checked")
	runMain(t.Context(), failing, feed...).failed(t, "topic words, partition 0, offset 1", `"check" at api/main_test.go:`, "b is no word")

	panicking := New("words")
	panicking.From[word]("words").Map(func(w word) string { return strings.Fields("")[len(w.Word)] }).To("firsts")
	runMain(t.Context(), panicking, feed...).failed(t, "topic words, partition 0, offset 0", "map at api/main_test.go:", "index out of range", "main_test.go:")
}

// So are those of the functions that look at a record before any operator does.
func TestPanicInEventTime(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`+"\n"+`{"word":""}`)
	feed := []string{"-feed", "words=" + file, "-once", "-partitions", "1", "-print", "counts"}
	first := EventTime(func(w word) time.Time { return time.UnixMilli(int64(w.Word[0])) })
	runMain(t.Context(), words(first), feed...).failed(t, "topic words, partition 0, offset 1", "index out of range", "main_test.go:")
	if r := runMain(t.Context(), words(first, OnError[word](Skip())), feed...).succeeded(t); r.out != "1\n" {
		t.Errorf("printed %q", r.out)
	}
}

// State that means something else to the program than to the one that wrote it is
// refused.
func TestChangedStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	args := []string{"-feed", "words=" + file, "-once", "-data", filepath.Join(dir, "data")}
	runMain(t.Context(), words(), args...).succeeded(t)
	changed := New("words")
	changed.From[word]("words").PartitionBy("by-word", func(w word) string { return w.Word }).
		Fold("count", func(n int32, _ word) int32 { return n + 1 }).To("counts")
	r := runMain(t.Context(), changed, args...).failed(t, "refused")
	for _, want := range []string{"store count", "int64", "int32", "new name"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("%q is missing in\n%s", want, r.err)
		}
	}
}

// One data directory is one process's.
func TestLockedDirectory(t *testing.T) {
	dir := t.TempDir()
	lock, err := local.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-feed", "words=" + writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`), "-once", "-data", dir}
	runMain(t.Context(), words(), args...).failed(t, dir, "in use by another process", fmt.Sprintf("pid %d", os.Getpid()), "another directory")
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).succeeded(t)
}

// A run that is asked to stop commits and is well.
func TestStop(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	ctx, cancel := context.WithCancel(t.Context())
	app := New("words")
	app.From[word]("words").Peek(func(word) { cancel() }).PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To("counts")
	args := []string{"-feed", "words=" + file, "-print", "counts", "-data", filepath.Join(dir, "data")}
	first := runMain(ctx, app, args...).succeeded(t)
	second := runMain(t.Context(), app, append(args, "-once")...).succeeded(t)
	if first.out+second.out != "1\n" {
		t.Errorf("printed %q and then %q", first.out, second.out)
	}
}

// A stage that stands still doesn't hold up the one before it.
func TestSlowStageHoldsNobodyUp(t *testing.T) {
	dir := t.TempDir()
	const n = 20_000
	file := writeFile(t, filepath.Join(dir, "words.json"), strings.Repeat(`{"word":"a"}`+"\n", n))
	read, standing := 0, make(chan struct{})
	app := New("words")
	app.From[word]("words").Peek(func(word) {
		if read++; read == n {
			close(standing)
		}
	}).PartitionBy("by-word", func(w word) string { return w.Word }).
		Peek(func(word) { <-standing }).
		Count("count").To("counts")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	runMain(ctx, app, "-feed", "words="+file, "-once").succeeded(t)
	if read != n {
		t.Errorf("the first stage read %d of %d records", read, n)
	}
}

func TestCommands(t *testing.T) {
	r := runMain(t.Context(), words(), "plan").succeeded(t)
	if !strings.Contains(r.out, "stage by-word") || !strings.Contains(r.out, "words-count-changelog") {
		t.Errorf("plan:\n%s", r.out)
	}
	for format, want := range map[string]string{"-dot": "digraph", "-mermaid": "flowchart", "-json": `"nodes"`, "-svg": "<svg"} {
		if r := runMain(t.Context(), words(), "graph", format).succeeded(t); !strings.Contains(r.out, want) {
			t.Errorf("graph %s:\n%s", format, r.out)
		}
	}
	if r := runMain(t.Context(), words(), "-help").succeeded(t); !strings.Contains(r.out, "run -help") {
		t.Errorf("help:\n%s", r.out)
	}
}
