package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
)

var metricsLoop = metrics.Loop{Tasks: []*metrics.Task{{
	ID: 2, State: metrics.TaskRestoring, Watermark: metrics.NoTime, Stores: []*metrics.Store{{RestoreRecords: 50}},
}}}

// Each process answers for all, in the same way but for what is said of itself.
func TestWholeJob(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 3)
	all[0].cfg.Registry.Container("orders", 0).Publish(&metrics.Loop{Commits: 3, LastCommit: j.now.UnixMilli()})
	for i, p := range all[:2] {
		p.cfg.Registry.Container("by-user", 0).Publish(&metrics.Loop{Commits: 7, Tasks: []*metrics.Task{{
			ID: int32(i), State: metrics.TaskRunning, Watermark: metrics.NoTime, Inputs: []*metrics.Input{{Topic: "shop-by-user", Partition: int32(i), Next: 5, End: 9}},
		}}})
	}
	all[2].readers.Hide("by-user", 2, j.dbs[2].Reader())
	all[2].cfg.Registry.Container("by-user", 1).Publish(&metricsLoop)
	named := func(body string) string {
		for i, p := range all {
			body = strings.ReplaceAll(body, p.address, fmt.Sprintf("process-%d", i))
		}
		return body
	}
	w := all[0].get("/api/v1/job")
	golden(t, "whole-job.json", named(w.Body.String()))
	golden(t, "local-job.json", named(all[0].get("/api/v1/job?local=true").Body.String()))
	stages := func(p *process) string {
		var job model.Job
		if err := json.Unmarshal(p.get("/api/v1/job").Body.Bytes(), &job); err != nil || len(job.Others) != 2 || job.Address != p.address {
			t.Errorf("%v, %+v", err, job)
		}
		b, err := json.Marshal(job.Stages)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	sorted := func(p *process) string { // containers stand in the order of the addresses
		return named(stages(p))
	}
	if a, b := sorted(all[0]), sorted(all[1]); a != b {
		t.Errorf("they don't say the same:\n%s\n%s", a, b)
	}
	all[0].refused("/api/v1/job?local=perhaps", http.StatusBadRequest, "neither true nor false")
}

// Processes that don't answer are named, and what they have is shown as far as it is
// known.
func TestWholeJob_WithUnreachableProcess(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 3, func(c *httpapi.Config) { c.PeerTimeout = 200 * time.Millisecond })
	hung := make(chan struct{})
	defer close(hung)
	slow := member(t, func(_ http.ResponseWriter, r *http.Request) { await(r.Context(), hung) })
	other := member(t, of("shop2", http.StatusOK, "{}"))
	faulty := member(t, of("shop", http.StatusInternalServerError, `{"error":"disk is gone"}`))
	empty := member(t, of("shop", http.StatusOK, `{"stages":[{"name":"by-user","tasks":[{"id":-1},{"id":9},{"id":0,"state":"running"},{"id":2,"state":"running","address":"liar"}]},{"name":"none"}]}`))
	all[1].stop()
	p := all[0]
	all[2].table.set(2, slow) // it hasn't the task any more
	p.table.left = time.Minute
	p.table.processes = append([]string{"", p.address, slow, other, faulty, empty, other}, p.table.processes...)
	var job model.Job
	w := p.get("/api/v1/job")
	if err := json.Unmarshal(w.Body.Bytes(), &job); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	want := map[string]string{
		all[1].address: "can't be reached", all[2].address: "", slow: "in time", other: "isn't a process", faulty: "disk is gone", empty: "",
	}
	for _, o := range job.Others {
		if words, ok := want[o.Address]; !ok || !strings.Contains(o.Error, words) || (o.Error == "") != (words == "") {
			t.Errorf("of %s it is said %q, want %q", o.Address, o.Error, words)
		}
		delete(want, o.Address)
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
	got := job.Stages[1].Tasks
	if len(got) != tasks || got[0].Address != p.address || got[0].State != "starting" ||
		got[1].Address != all[1].address || got[1].State != "restoring" || *got[1].Restore.Seconds != 60 ||
		got[2].Address != empty || got[2].State != "running" {
		t.Errorf("%+v", got)
	}
}

// There are only so many queries at a time. Those of others are counted apart, and
// those for health not at all.
func TestBound(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 1, func(c *httpapi.Config) { c.Queries = 2 })
	p := all[0]
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	p.readers.Hide("by-user", 1, j.dbs[1].Reader())
	p.table.set(1, member(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		of("shop", http.StatusNotFound, `{"error":"no","missing":"key"}`)(w, r)
	}))
	answered := make(chan int, 2)
	for range 2 {
		go func() { answered <- p.get("/api/v1/stores/counts/" + keyOf(1)).Code }()
		<-arrived
	}
	for _, path := range []string{"/api/v1/stores/counts/ann", "/api/v1/stores/counts", "/api/v1/stores/minutes?window=0", "/api/v1/job"} {
		p.refused(path, http.StatusServiceUnavailable, p.address, "2 queries")
	}
	for path, status := range map[string]int{"/api/v1/health": 200, "/api/v1/ready": 503, "/healthz": 200, "/metrics": 200} {
		if w := p.get(path); w.Code != status || strings.Contains(w.Body.String(), "queries already") {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
	if w := p.get("/api/v1/stores/counts/ann", httpapi.ForwardedHeader, "0"); w.Code >= 500 {
		t.Errorf("forwarded it answers %d %s", w.Code, w.Body)
	}
	close(release)
	for range 2 {
		if status := <-answered; status != http.StatusNotFound {
			t.Errorf("a request with the token has status %d", status)
		}
	}
	if w := p.get("/api/v1/stores/counts/" + keyOf(0)); w.Code != http.StatusNotFound {
		t.Errorf("afterwards it answers %d %s", w.Code, w.Body)
	}
}
