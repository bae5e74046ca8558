package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv"
	kvmemory "github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// Three versions of what a job keeps for each key: how often it came. Each is read
// from the one before it.
type (
	counts1 struct{ N int64 }
	counts2 struct {
		Count   int64
		Doubled int64
	}
	counts3 struct{ Text string }
)

func from1(o counts1) counts2 { return counts2{o.N, 2 * o.N} }
func from2(o counts2) counts3 {
	if o.Doubled != 2*o.Count {
		return counts3{"torn"}
	}
	return counts3{strconv.FormatInt(o.Count, 10)}
}

func add1(c counts1, _ string) counts1 { return counts1{c.N + 1} }
func add2(c counts2, _ string) counts2 { return counts2{c.Count + 1, c.Doubled + 2} }
func add3(c counts3, _ string) counts3 {
	n, _ := strconv.ParseInt(c.Text, 10, 64)
	return counts3{strconv.FormatInt(n+1, 10)}
}

// counting is a version of the job: what it writes is the same in all versions, but
// for the form of its state.
func counting(version int, oldest bool) *api.App {
	app := api.New("counting")
	words := app.FromKeyed[string, string]("words")
	far := words.Window("far", api.Tumbling(1000*time.Hour))
	switch version {
	case 1:
		show(words.Fold("counts", add1), func(c counts1) int64 { return c.N })
		showPanes(far.Fold(add1), func(c counts1) int64 { return c.N })
	case 2:
		show(words.Fold("counts", add2, api.Upgrade(from1)), func(c counts2) int64 { return c.Doubled / 2 })
		showPanes(far.Fold(add2, api.Upgrade(from1)), func(c counts2) int64 { return c.Doubled / 2 })
	default:
		o := []api.FoldOption[counts3]{api.Upgrade(from2)}
		if oldest {
			o = []api.FoldOption[counts3]{api.Upgrade(from2, api.Upgrade(from1))}
		}
		number := func(c counts3) int64 { n, _ := strconv.ParseInt(c.Text, 10, 64); return n }
		show(words.Fold("counts", add3, o...), number)
		showPanes(far.Fold(add3, o...), number)
	}
	return app
}

func show[V any](t api.Table[string, V], count func(V) int64) {
	t.Updates().MapWithKey(func(k string, v V) string { return fmt.Sprint(k, " ", count(v)) }).To("counted")
}

func showPanes[V any](s api.KeyedStream[string, api.Pane[string, V]], count func(V) int64) {
	s.MapWithKey(func(k string, p api.Pane[string, V]) string { return fmt.Sprint(k, " ", count(p.Value)) }).To("panes")
}

// Versions follow each other in any order of records, crashes and restores: nothing is
// lost or counted twice.
func TestUpgrade_Model(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		version := 1
		x := apitest.New(t, counting(version, true))
		counts, written := map[string]int{}, []string{}
		for range rapid.IntRange(5, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 6).Draw(r, "step") {
			case 0:
				version = min(version+1, 3)
				x.Replace(counting(version, true))
			case 1:
				x.Restart()
			case 2:
				x.Wait(time.Second)
			default:
				word := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(r, "word")
				x.SendKeyed("words", word, word)
				counts[word]++
				written = append(written, fmt.Sprint(word, " ", counts[word]))
			}
		}
		x.End()
		if got := x.Output[string]("counted"); !slices.Equal(got, written) {
			r.Fatalf("version %d wrote %q, want %q", version, got, written)
		}
		var panes []string
		for _, word := range slices.Sorted(maps.Keys(counts)) {
			panes = append(panes, fmt.Sprint(word, " ", counts[word]))
		}
		if got := x.Output[string]("panes"); !slices.Equal(got, panes) {
			r.Fatalf("panes %q, want %q", got, panes)
		}
		x.Crash()
	})
}

// A machine runs versions of a job, one after the other, on one log and one directory.
type machine struct {
	t       *testing.T
	engine  func(*testing.T) kv.Engine
	log     *memory.System
	dir     string
	now     time.Time
	plan    *scheduler.Plan
	readers *container.Readers
	running []*container.Container
	opened  kv.Engine
	server  *httptest.Server
}

func newMachine(t *testing.T, engine func(*testing.T) kv.Engine) *machine {
	m := &machine{t: t, engine: engine, log: memory.New(), dir: t.TempDir(), now: time.Unix(0, 0)}
	m.must(m.log.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: "words", Partitions: 1}))
	t.Cleanup(m.stop)
	return m
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// start starts a version; it returns the error with which that fails.
func (m *machine) start(app *api.App) error {
	m.t.Helper()
	ctx := context.Background()
	known, err := m.log.Admin().Partitions(ctx)
	m.must(err)
	m.plan, err = app.Pipeline().Plan(scheduler.Metadata{Partitions: known}, scheduler.Options{})
	m.must(err)
	m.must(topics.Create(ctx, m.log.Admin(), m.plan, topics.Options{}))
	m.opened, m.readers = m.engine(m.t), &container.Readers{}
	for _, cfg := range container.Configs(m.plan, container.Config{
		Program: app.Pipeline().Program(), System: m.log, Engine: m.opened, Dir: m.dir, Memory: 16 << 20, CommitInterval: 1,
		Readers: m.readers, Now: func() time.Time { return m.now },
	}) {
		c, err := container.Open(ctx, cfg)
		if err != nil {
			return err
		}
		m.running = append(m.running, c)
	}
	m.server = httptest.NewServer(httpapi.NewHandler(httpapi.Config{Plan: m.plan, Serdes: &app.Pipeline().Serdes, Registry: metrics.NewRegistry(metrics.Config{}), Readers: m.readers}))
	return m.settle()
}

func (m *machine) settle() error {
	for range 50 {
		for _, c := range m.running {
			if _, err := c.Step(context.Background()); err != nil {
				return err
			}
		}
		m.now = m.now.Add(time.Millisecond)
	}
	return nil
}

// stop kills the job after some more steps: what isn't committed is lost.
func (m *machine) stop() {
	for _, c := range m.running {
		_, _ = c.Step(context.Background())
		m.must(c.Close())
	}
	m.running = nil
	if m.server != nil {
		m.server.Close()
	}
	if m.opened != nil {
		m.must(m.opened.Close())
	}
	m.server, m.opened = nil, nil
}

// wipe loses the disk: the next start restores all state from the changelogs.
func (m *machine) wipe() {
	m.must(os.RemoveAll(m.dir))
	m.must(os.Mkdir(m.dir, 0o700))
}

func (m *machine) send(words ...string) {
	m.t.Helper()
	p, err := m.log.OpenProducer(context.Background(), stream.ProducerConfig{})
	m.must(err)
	w, err := p.Writer("words")
	m.must(err)
	for _, word := range words {
		m.must(w.Send(0, &stream.Record{Key: []byte(word), Value: []byte(word), Time: 1}))
	}
	_, err = p.Commit(context.Background(), stream.GroupOffsets{})
	m.must(errors.Join(err, p.Close()))
}

func query[V any](m *machine, key string) (v V) {
	m.t.Helper()
	v, found, err := api.Query[string, V](context.Background(), m.server.Listener.Addr().String(), "counts", key)
	if err != nil || !found {
		m.t.Fatalf("%s: found %v, %v", key, found, err)
	}
	return v
}

// get returns what the HTTP API says.
func (m *machine) get(path string) string {
	m.t.Helper()
	resp, err := m.server.Client().Get(m.server.URL + path)
	m.must(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	m.must(err)
	return strings.Join(strings.Fields(string(b)), "")
}

func testUpgrade(t *testing.T, engine func(*testing.T) kv.Engine) {
	m := newMachine(t, engine)
	m.must(m.start(counting(1, true)))
	m.send("a", "b", "c", "d", "a", "b")
	m.must(m.settle())
	m.stop()

	m.must(m.start(counting(2, true)))
	m.send("a", "b")
	if got := query[counts2](m, "c"); got != (counts2{1, 2}) {
		t.Errorf("a value of version 1 is read as %+v", got)
	}
	m.stop() // in the middle
	m.must(m.start(counting(2, true)))
	m.must(m.settle())
	if got := query[counts2](m, "a"); got != (counts2{3, 6}) {
		t.Errorf("an upgraded value is %+v", got)
	}
	m.stop()
	m.wipe() // the changelog has values of both
	m.must(m.start(counting(3, true)))
	m.send("a", "c")
	m.must(m.settle())
	for key, want := range map[string]string{"a": "4", "b": "3", "c": "2", "d": "1"} {
		if got := query[counts3](m, key); got.Text != want {
			t.Errorf("%s is %q, want %s", key, got.Text, want)
		}
	}
	if got := m.get("/api/v1/stores/counts/d"); !strings.Contains(got, `"value":{"Text":"1"}`) {
		t.Errorf("the HTTP API shows %s", got)
	}
	if got := m.get("/api/v1/stores/counts?from64="); strings.Count(got, `"Text"`) != 4 {
		t.Errorf("the HTTP API lists %s", got)
	}
	if got := m.get("/api/v1/job"); !strings.Contains(got, `"forms":{"json{Count:int64,Doubled:int64}":1,"json{N:int64}":1,"json{Text:string}":2}`) {
		t.Errorf("the job shows %s", got)
	}
	m.stop()

	// d is still as version 1 has written it.
	err := m.start(counting(3, false))
	if err == nil || !strings.Contains(err.Error(), `has values of the form json {N:int64} (1), which this program can't read`) {
		t.Fatalf("without the oldest upgrade: %v", err)
	}
	m.stop()
	m.must(m.start(counting(3, true)))
	m.send("b", "d")
	m.must(m.settle())
	m.stop()
	m.must(m.start(counting(3, false))) // nothing of version 1 is left
	if got := query[counts3](m, "d"); got.Text != "2" {
		t.Errorf("d is %q", got.Text)
	}
}

func TestUpgrade_Memory(t *testing.T) {
	testUpgrade(t, func(*testing.T) kv.Engine { return kvmemory.New(0) })
}
