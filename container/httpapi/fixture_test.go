package httpapi_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s", file, got)
	}
}

const tasks = 3

// thePlan has a stage without state and one with stores of all kinds, whose two
// containers share three tasks.
func thePlan() *scheduler.Plan {
	plan := &scheduler.Plan{Version: 1, App: "shop", Fingerprint: "5f2c"}
	stage := scheduler.Stage{
		Name: "by-user", Group: "shop-by-user", Tasks: tasks, Containers: 2,
		Inputs: []scheduler.Input{{Topic: "shop-by-user", Partitions: tasks, Producers: 2}},
	}
	for i, s := range []struct{ name, layout, key, value string }{
		{"counts", "values", "string", "int64"},
		{"profiles", "values", "int32", "json(main.Profile)"},
		{"blobs", "values", "bytes", "bytes"},
		{"by-pair", "values", "json(main.Pair)", "string"},
		{"ids", "values", "int64", "int32"},
		{"minutes", "windows", "string", "int64"},
	} {
		plan.Nodes = append(plan.Nodes, scheduler.Node{ID: i, Name: s.name, Stores: []scheduler.StoreSpec{{Layout: s.layout, Key: s.key, Value: s.value}}})
		stage.Stores = append(stage.Stores, scheduler.Store{Name: s.name, Node: i})
	}
	plan.Nodes[5].Stores[0].Params = map[string]string{"size": "1m0s"}
	plan.Stages = []scheduler.Stage{{Name: "orders", Group: "shop-orders", Tasks: 1, Containers: 1}, stage}
	return plan
}

// A job is the tasks of the plan's second stage, open and without a loop.
type job struct {
	t       testing.TB
	cfg     httpapi.Config
	readers container.Readers
	now     time.Time
	dbs     [tasks]kv.Database
	http.Handler
}

func newJob(t testing.TB, change ...func(*httpapi.Config)) *job {
	j := &job{t: t, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	build := metrics.Build{Version: "v0.1.0", Revision: "abc", Go: "go1.27.3"}
	j.cfg = httpapi.Config{
		Advertise: "here.example:8080", Plan: thePlan(), Readers: &j.readers, Build: build,
		Registry: metrics.NewRegistry(metrics.Config{App: "shop", Now: func() time.Time { return j.now }}),
	}
	for _, f := range change {
		f(&j.cfg)
	}
	var names []string
	for _, s := range j.cfg.Plan.Stages[1].Stores {
		names = append(names, s.Name)
	}
	for i := range j.dbs {
		db, err := memory.New(0).Open("", names)
		if err != nil {
			t.Fatal(err)
		}
		j.dbs[i] = db
		j.readers.Show("by-user", int32(i), db.Reader())
	}
	j.Handler = httpapi.NewHandler(j.cfg)
	return j
}

// put writes an entry into the task that has the key.
func (j *job) put(store int, key, value string) {
	j.putAs(store, key, key, value)
}

// putIn writes the entry of a window.
func (j *job) putIn(start time.Time, key, value string) {
	j.putAs(5, key, string(kv.WindowKey(start.UnixMilli(), []byte(key))), value)
}

func (j *job) putAs(store int, key, stored, value string) {
	j.t.Helper()
	db := j.dbs[stream.PartitionOf([]byte(key), tasks)]
	b := db.NewBatch()
	b.Put(store, []byte(stored), []byte(value))
	if err := db.Write(b); err != nil {
		j.t.Fatal(err)
	}
}

// get asks for a path, with headers as pairs, as a client on this machine.
func (j *job) get(path string, headers ...string) *httptest.ResponseRecorder {
	j.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Host = "localhost:8080"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	return j.serve(r)
}

func (j *job) serve(r *http.Request) *httptest.ResponseRecorder {
	j.t.Helper()
	w := httptest.NewRecorder()
	j.ServeHTTP(w, r)
	if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
		j.t.Errorf("%s answers what is no JSON:\n%s", r.URL, w.Body)
	}
	return w
}

// answer asks for a path, and reads what is answered with this status.
func (j *job) answer(path string, status int, to any) *httptest.ResponseRecorder {
	j.t.Helper()
	w := j.get(path)
	if w.Code != status {
		j.t.Errorf("%s answers %d, want %d:\n%s", path, w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), to); err != nil {
		j.t.Errorf("%s: %v", path, err)
	}
	return w
}

// int64Of is how integers are stored, with zeros or not before them.
func int64Of(n byte) string { return "\x00\x00\x00\x00\x00\x00\x00" + string([]byte{n}) }
