package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/container/httpapi"
)

// dumpedWords counts words, and those of each minute.
func dumpedWords() *App {
	app := New("words")
	byWord := app.From("words", EventTime(func(w word) time.Time { return time.UnixMilli(w.At) })).PartitionBy("by-word", func(w word) string { return w.Word })
	byWord.Count("count").To("counts")
	byWord.Window("per-minute", Tumbling(time.Minute)).Count().To("minutes")
	return app
}

// background runs an app until it is stopped, and returns where it is asked.
func background(t *testing.T, app *App, args ...string) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, said lockedBuffer
	ended := make(chan int, 1)
	go func() { ended <- app.main(ctx, args, console{out: &out, err: &said}) }()
	stop = func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d\n%s", code, said.String())
		}
		ended <- 0
	}
	t.Cleanup(stop)
	at := regexp.MustCompile(`job at http://(\S+)/api`)
	await(t, "says where it is asked", func() bool { return at.MatchString(said.String()) })
	return at.FindStringSubmatch(said.String())[1], stop
}

// await polls until something is so.
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

// What a running job says of a store, page by page, is what its changelog has when it
// has stopped.
func TestDumpOfARunningJobAndOfItsChangelog(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	data := filepath.Join(dir, "data")
	const keys = 2*pageEntries + 100
	var lines strings.Builder
	for i := range 2 * keys {
		_, _ = fmt.Fprintf(&lines, `{"word":"w%04d","at":%d}`+"\n", i%keys, i)
	}
	file := writeFile(t, filepath.Join(dir, "words.json"), lines.String())
	address, stop := background(t, dumpedWords(), "-data", data, "-feed", "words="+file, "-partitions", "3", "-commit-interval", "20ms")
	dump := func(args ...string) string {
		return runMain(t.Context(), dumpedWords(), append([]string{"stores", "dump"}, args...)...).succeeded(t).out
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
	runMain(t.Context(), dumpedWords(), "stores", "dump", "count", "-data", data).failed(t, "store count", data, "-address")
	stop()
	if got := dump("count", "-data", data); got != counts {
		t.Errorf("the changelog has\n%.300s", got)
	}
	if got := dump("per-minute", "-data", data, "-memory", "64MB"); got != minutes {
		t.Errorf("the changelog of windows has\n%.300s", got)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("it has left %v, %v", left, err)
	}
}

func TestStoresListAndMistakes(t *testing.T) {
	r := runMain(t.Context(), dumpedWords(), "stores", "list").succeeded(t)
	want := "STORE       STAGE    LAYOUT   KEY     VALUE\n" +
		"count       by-word  values   string  int64\n" +
		"per-minute  by-word  windows  string  int64\n"
	if r.out != want {
		t.Errorf("it lists\n%s", r.out)
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
		runMain(t.Context(), dumpedWords(), append([]string{"stores", "dump"}, test.args...)...).failed(t, test.words...)
	}
}

// Where nobody runs the job on a cluster the changelog is read: without meta records,
// tombstones and what came before.
func TestDumpOfAChangelog(t *testing.T) {
	r, s := stageJob(t, words(), 2)
	produce(t, s.System, "words-count-changelog", [][3]string{
		{"0", "b", "\x00\x00\x00\x00\x00\x00\x00\x01"}, {"0", "\x00grete.meta\x00", "{}"}, {"1", "a", "\x00\x00\x00\x00\x00\x00\x00\x07"},
		{"0", "gone", "\x00\x00\x00\x00\x00\x00\x00\x01"}, {"0", "gone", ""}, {"0", "b", "\x00\x00\x00\x00\x00\x00\x00\x02"}, {"1", "b", "\x00\x00\x00\x00\x00\x00\x00\x03"},
	})
	var out bytes.Buffer
	p := newEntryPrinter(&out)
	err := r.dump(t.Context(), nil, "count", 64<<20, p.print)
	if err := errors.Join(err, p.out.Flush()); err != nil {
		t.Fatal(err)
	}
	if want := `{"key":"a","value":7}` + "\n" + `{"key":"b","value":2}` + "\n" + `{"key":"b","value":3}` + "\n"; out.String() != want {
		t.Errorf("it has\n%s", out.String())
	}
}

// One process has gone, the next is busy at first, and its answer has two pages.
func TestDumpGoesOnWithOthers(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	requests := 0
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(httpapi.AppHeader, "words")
		requests++
		switch requests {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"error":"it restores"}`))
		case 2:
			_, _ = w.Write([]byte(`{"entries":[{"key":1,"value":1}],"next":"/next?limit=1"}`))
		default:
			_, _ = fmt.Fprintf(w, `{"entries":[{"key":2,"value":%q}]}`, r.URL.String())
		}
	}))
	defer there.Close()
	client, err := newJobClient("words", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.close()
	var got []string
	err = client.dump(t.Context(), []string{gone.Listener.Addr().String(), there.Listener.Addr().String()}, "count", func(e httpapi.Entry) error {
		b, err := json.Marshal(e)
		got = append(got, string(b))
		return err
	})
	if want := []string{`{"key":1,"value":1}`, `{"key":2,"value":"/next?limit=1"}`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("it dumps %v, %v", got, err)
	}
}

func TestKeysAndTasksInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 255}), 0, 5)
		task := rapid.Int32Range(0, 300)
		a, b, i, j := key.Draw(t, "a"), key.Draw(t, "b"), task.Draw(t, "i"), task.Draw(t, "j")
		x, y := appendOrdered(nil, a, i), appendOrdered(nil, b, j)
		if got, want := bytes.Compare(x, y), cmp.Or(bytes.Compare(a, b), cmp.Compare(i, j)); got != want {
			t.Fatalf("%q of %d and %q of %d compare as %d, not %d", a, i, b, j, got, want)
		}
		if !bytes.Equal(keyOfOrdered(x), a) {
			t.Fatalf("%q comes back as %q", a, keyOfOrdered(x))
		}
	})
}
